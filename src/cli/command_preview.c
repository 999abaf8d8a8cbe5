#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_preview = {
    .name = "preview",
    .summary = "shows pairs as the model will see them",
    .arguments = "--model M --data PATH [options]",
    .help = "Renders pairs with the options of train and shows their text and ids, the prompt both answers share, the token that is\n"
            "scored, and what would be dropped. Nothing is trained or written.\n"
            "\n"
            "Examples:\n"
            "  assay preview --model Qwen/Qwen2.5-0.5B-Instruct --data pairs.jsonl\n"
            "  assay preview --model ./chatglm3-6b --data ./data/reward --template chatglm3 --json\n",
    .takes = ASSAY_FOR_PREVIEW,
    .run = run,
};
