#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_score = {
    .name = "score",
    .summary = "scores answers: JSON lines in, JSON lines out",
    .arguments = "--model M [--input FILE] [options]",
    .help = "Reads one JSON object a line: {\"prompt\", \"response\"}, {\"messages\"}, {\"conversations\"}, {\"text\"} or a pair, and writes\n"
            "{\"index\", \"score\"} (and the input's id) a line, in input order and full precision. A score does not depend on its neighbours.\n"
            "\n"
            "Examples:\n"
            "  echo '{\"prompt\": \"2+2?\", \"response\": \"4\"}' | assay score --model my-reward\n"
            "  assay score --model my-reward --input answers.jsonl > scores.jsonl\n",
    .takes = ASSAY_FOR_SCORE,
    .run = run,
};
