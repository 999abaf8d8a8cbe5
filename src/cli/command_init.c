#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_init = {
    .name = "init",
    .summary = "writes a random checkpoint, for tests and trials",
    .arguments = "--arch NAME --output DIR [options]",
    .help = "Writes a checkpoint with random weights in Hugging Face's format, complete with a byte-level tokenizer, so that it trains on any\n"
            "text. NAME is a family (tiny by default) or a real shape.\n"
            "\n"
            "Examples:\n"
            "  assay init --arch llama --output tiny-llama\n"
            "  assay init --arch chatglm3-6b --layers 2 --dtype bf16 --output two-layers\n",
    .takes = ASSAY_FOR_INIT,
    .run = run,
};
