#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_inspect = {
    .name = "inspect",
    .summary = "what a checkpoint, adapter, tokenizer or run folder is",
    .arguments = "PATH [options]",
    .help = "Says what is at PATH, what of it Assay supports, and what is wrong with it.\n"
            "\n"
            "Examples:\n"
            "  assay inspect ./chatglm3-6b\n"
            "  assay inspect my-reward --json\n",
    .takes = ASSAY_FOR_INSPECT,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
