#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_tokenize = {
    .name = "tokenize",
    .summary = "text or conversations to ids",
    .arguments = "--model M [--template NAME] [options]",
    .help = "Reads JSON lines (as score reads them) or lines of plain text from standard input and writes their ids, one JSON a line.\n"
            "\n"
            "Examples:\n"
            "  echo 'Hello world' | assay tokenize --model ./llama\n"
            "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}' | assay tokenize --model ./chatglm3-6b --template chatglm3\n",
    .takes = ASSAY_FOR_TOKENIZE,
    .run = run,
};
