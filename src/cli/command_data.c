#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_data = {
    .name = "data",
    .summary = "audits or converts pair files",
    .arguments = "check|convert PATH [options]",
    .help = "check: counts pairs, formats, broken lines, duplicates, equal answers, lengths. convert: writes the pairs as JSON lines in one\n"
            "form (prompt, chosen, rejected).\n"
            "\n"
            "Examples:\n"
            "  assay data check pairs.jsonl\n"
            "  assay data check ./data --model Qwen/Qwen2.5-0.5B-Instruct --json\n"
            "  assay data convert pairs.csv --columns chosen=pos,rejected=neg --output pairs.jsonl\n",
    .takes = ASSAY_FOR_DATA,
    .words_min = 2,
    .words_max = 2,
    .run = run,
};
