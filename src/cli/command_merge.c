#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_merge = {
    .name = "merge",
    .summary = "folds an adapter into the weights",
    .arguments = "--model M --adapter DIR --output DIR [options]",
    .help = "Adds a LoRA adapter to its base and writes a whole sequence classification model in Hugging Face's format, head included.\n"
            "\n"
            "Examples:\n"
            "  assay merge --model Qwen/Qwen2.5-0.5B --adapter my-reward --output merged\n"
            "  assay merge --model my-reward --output merged\n",
    .takes = ASSAY_FOR_MERGE,
    .run = run,
};
