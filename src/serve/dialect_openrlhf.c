/* OpenRLHF's remote reward model (openrlhf/cli/serve_rm.py): whole texts, special tokens already in them. */
#include "serve/dialect.h"

static assay_status parse(assay_ask *ask, assay_error *err)
{
    ask->single_bos = true;
    return assay_ask_texts(ask, assay_ask_field(ask, "query"), "query", err);
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    json_t *rewards = json_array();
    for (size_t i = 0; i < ask->count; i++) json_array_append_new(rewards, json_real(reply->scores[i]));
    return json_pack("{s:O, s:O, s:{s:o}}", "rewards", rewards, "scores", rewards, "extra_logs", "dummy_scores",
                     rewards);
}

static const char *const paths[] = {"/get_reward", NULL};
static const char *const fields[] = {"query", NULL}, *const nothing[] = {NULL};

const assay_dialect assay_dialect_openrlhf = {
    .name = "openrlhf",
    .summary =
        "OpenRLHF's remote reward model. Texts are scored as they stand; a BOS that a text begins with is not doubled",
    .paths = paths,
    .fields = fields,
    .reads = nothing,
    .request = "{\"query\": [\"Human: 2+2? Assistant: 4\", \"Human: 2+2? Assistant: 5\"]}",
    .response =
        "{\"rewards\": [0.5, -0.25], \"scores\": [0.5, -0.25], \"extra_logs\": {\"dummy_scores\": [0.5, -0.25]}}",
    .parse = parse,
    .render = render,
};
