#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_models = {
    .name = "models",
    .summary = "architectures and what is tested of them",
    .arguments = "[options]",
    .help = "The table of architectures: training, LoRA, full tuning, scoring, tokenizer, template, recompute.\n"
            "\n"
            "Examples:\n"
            "  assay models\n"
            "  assay models --json\n",
    .takes = ASSAY_FOR_MODELS,
    .run = run,
};
