/* LLaMA-Factory's score evaluation (src/llamafactory/api/protocol.py): rendered texts, called messages. */
#include "serve/dialect.h"

static assay_status parse(assay_ask *ask, assay_error *err)
{
    const json_t *messages = assay_ask_field(ask, "messages");
    if (!json_is_array(messages))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"messages\" should be a list of texts and is %s",
                               assay_json_kind(messages));
    int64_t most = 0;
    ASSAY_TRY(assay_ask_whole(ask, "max_length", &most, err));
    if (most < 0) return assay_error_set(err, ASSAY_E_FORMAT, "\"max_length\" should not be negative");
    if (most > 0) {
        ask->max_length = most;
        if (ask->cut == ASSAY_ASK_CUT_SERVERS) ask->cut = ASSAY_ASK_CUT_RIGHT;
    }
    ask->single_bos = true;
    return assay_ask_texts(ask, messages, "messages", err);
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    json_t *scores = json_array();
    for (size_t i = 0; i < ask->count; i++) json_array_append_new(scores, json_real(reply->scores[i]));
    return json_pack("{s:s, s:s, s:s, s:o}", "id", reply->id, "object", "score.evaluation", "model", reply->model,
                     "scores", scores);
}

static const char *const paths[] = {"/v1/score/evaluation", NULL};
static const char *const fields[] = {"messages", NULL}, *const reads[] = {"max_length", NULL};

const assay_dialect assay_dialect_llamafactory = {
    .name = "llamafactory",
    .summary = "LLaMA-Factory's score evaluation; \"max_length\" truncates on the right",
    .paths = paths,
    .fields = fields,
    .reads = reads,
    .request = "{\"model\": \"default\", \"messages\": [\"Human: 2+2? Assistant: 4\"]}",
    .response = "{\"id\": \"score-1\", \"object\": \"score.evaluation\", \"model\": \"default\", \"scores\": [0.5]}",
    .parse = parse,
    .render = render,
};
