#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_convert = {
    .name = "convert",
    .summary = "GGUF or .bin to a Hugging Face folder",
    .arguments = "M --output DIR [--format hf|glm] [options]",
    .help = "Writes a checkpoint as config.json, model.safetensors and tokenizer files. --format glm writes a ChatGLM2/3 model as Transformers'\n"
            "own Glm classes, which need no remote code.\n"
            "\n"
            "Examples:\n"
            "  assay convert smollm2.gguf --output smollm2\n"
            "  assay convert ./chatglm3-6b --format glm --output chatglm3-as-glm\n",
    .takes = ASSAY_FOR_CONVERT,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
