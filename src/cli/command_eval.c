#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_eval = {
    .name = "eval",
    .summary = "accuracy and more on pairs",
    .arguments = "--model M --data PATH [options]",
    .help = "Scores both answers of every pair and reports accuracy (with its 95 % interval; a tie counts half and is also counted apart),\n"
            "loss, margin, and whether the longer answer wins.\n"
            "\n"
            "Examples:\n"
            "  assay eval --model my-reward --data dev.jsonl\n"
            "  assay eval --model Qwen/Qwen2.5-0.5B --adapter my-reward --data dev.jsonl --json\n",
    .takes = ASSAY_FOR_EVAL,
    .run = run,
};
