#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_forward = {
    .name = "forward",
    .summary = "hidden states and attentions of inputs",
    .arguments = "--model M --output FILE.safetensors [options]",
    .help = "Runs the model on inputs (as score reads them) and writes, for each, ids, score, and on request every layer's hidden state and\n"
            "attention probabilities: what output_hidden_states and output_attentions return elsewhere.\n"
            "\n"
            "Examples:\n"
            "  echo '{\"text\": \"Hello\"}' | assay forward --model my-reward --output states.safetensors --hidden-states --attentions\n",
    .takes = ASSAY_FOR_FORWARD,
    .run = run,
};
