/* vLLM's pooling endpoints (docs/models/pooling_models): /classify, /pooling, /score. One class, the one that is the
 * score: probs is the reward itself, raw unless use_activation (older: activation) is true. */
#include "serve/dialect.h"

#include <string.h>

static assay_status parse_activation(assay_ask *ask, assay_error *err)
{
    static const char *const names[] = {"use_activation", "activation"};
    for (size_t i = 0; i < 2; i++) {
        bool on = false;
        if (!assay_ask_field(ask, names[i])) continue;
        ASSAY_TRY(assay_ask_flag(ask, names[i], &on, err));
        ask->activation = on ? ASSAY_ASK_SIGMOID : ASSAY_ASK_RAW;
    }
    return ASSAY_OK;
}

static assay_status parse_input(assay_ask *ask, assay_error *err)
{
    const json_t *messages = assay_ask_field(ask, "messages"), *input = assay_ask_field(ask, "input");
    ASSAY_TRY(parse_activation(ask, err));
    ask->single_bos = true;
    if (messages) return assay_ask_messages(ask, messages, "messages", err);
    return assay_ask_inputs(ask, input, "input", err);
}

static json_t *envelope(const assay_reply *reply, json_t *data)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "id", reply->id, "object", "list", "created",
                     (json_int_t)reply->created, "model", reply->model, "data", data, "usage",
                     assay_reply_usage(reply));
}

static json_t *render_classify(const assay_ask *ask, const assay_reply *reply)
{
    json_t *data = json_array();
    for (size_t i = 0; i < ask->count; i++)
        json_array_append_new(data, json_pack("{s:I, s:s, s:[f], s:i}", "index", (json_int_t)i, "label", reply->label,
                                              "probs", reply->scores[i], "num_classes", 1));
    return envelope(reply, data);
}

static assay_status parse_pooling(assay_ask *ask, assay_error *err)
{
    const char *task = "classify";
    ASSAY_TRY(assay_json_string(ask->body, "task", false, &task, "the request", err));
    if (strcmp(task, "classify") != 0 && strcmp(task, "token_classify") != 0 && strcmp(task, "reward") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "task \"%.40s\": a reward model does \"classify\" (a reward a text) and "
                               "\"token_classify\" (a reward a token)",
                               task);
    ask->trace = !strcmp(task, "token_classify");
    return parse_input(ask, err);
}

static json_t *token_rewards(const json_t *trace)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < json_array_size(trace); i++)
        json_array_append_new(rows, json_pack("[O]", json_object_get(json_array_get(trace, i), "reward")));
    return rows;
}

static json_t *base64_of(const assay_reply *reply, size_t index)
{
    return assay_reply_base64(&reply->scores[index], 1);
}

static json_t *pooled(const assay_ask *ask, const assay_reply *reply, size_t index)
{
    if (reply->traces) return token_rewards(reply->traces[index]);
    return ask->base64 ? base64_of(reply, index) : json_pack("[f]", reply->scores[index]);
}

static json_t *render_pooling(const assay_ask *ask, const assay_reply *reply)
{
    json_t *data = json_array();
    for (size_t i = 0; i < ask->count; i++) {
        json_array_append_new(data, json_pack("{s:I, s:s, s:o}", "index", (json_int_t)i, "object", "pooling", "data",
                                              pooled(ask, reply, i)));
    }
    return envelope(reply, data);
}

static const json_t *any_of(const assay_ask *ask, const char *const *names)
{
    for (; *names; names++)
        if (assay_ask_field(ask, *names)) return assay_ask_field(ask, *names);
    return NULL;
}

static const json_t *element(const json_t *value, size_t index)
{
    return json_is_array(value) ? json_array_get(value, index) : value;
}

static size_t length_of(const json_t *value) { return json_is_array(value) ? json_array_size(value) : 1; }

static assay_status add_pairs(assay_ask *ask, const json_t *queries, const json_t *documents, assay_error *err)
{
    const assay_turns *prompt = NULL;
    size_t many = length_of(queries);
    for (size_t i = 0; i < length_of(documents); i++) {
        if (i == 0 || many > 1) ASSAY_TRY(assay_ask_prompt(ask, &prompt, element(queries, i), "queries", err));
        ASSAY_TRY(assay_ask_answer(ask, prompt, element(documents, i), "documents", err));
    }
    return ASSAY_OK;
}

/* One query with N documents, or N with N. The names changed twice from release to release. */
static assay_status parse_pairs(assay_ask *ask, assay_error *err)
{
    static const char *const query_names[] = {"queries", "text_1", "data_1", NULL}, *const document_names[] = {
                                                                                        "documents", "text_2", "data_2",
                                                                                        NULL};
    const json_t *queries = assay_ask_list(any_of(ask, query_names)),
                 *documents = assay_ask_list(any_of(ask, document_names));
    if (!queries || !documents)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "\"queries\" (or text_1, data_1) and \"documents\" (or text_2, data_2) are needed, both");
    if (length_of(queries) != 1 && length_of(queries) != length_of(documents))
        return assay_error_set(err, ASSAY_E_FORMAT, "%zu queries and %zu documents: one query, or as many as documents",
                               length_of(queries), length_of(documents));
    ASSAY_TRY(parse_activation(ask, err));
    ask->is_list = true;
    return add_pairs(ask, queries, documents, err);
}

static json_t *render_pairs(const assay_ask *ask, const assay_reply *reply)
{
    json_t *data = json_array();
    for (size_t i = 0; i < ask->count; i++)
        json_array_append_new(
            data, json_pack("{s:I, s:s, s:f}", "index", (json_int_t)i, "object", "score", "score", reply->scores[i]));
    return envelope(reply, data);
}

static const char *const classify_paths[] = {"/classify", "/v1/classify", NULL},
                         *const pooling_paths[] = {"/pooling", "/v1/pooling", NULL},
                         *const pair_paths[] = {"/score", "/v1/score", NULL};
static const char *const input_reads[] = {"use_activation", "activation", NULL}, *const pooling_reads[] = {
                                                                                     "use_activation", "activation",
                                                                                     "task", NULL};
static const char *const input_fields[] = {"input", "messages", NULL}, *const pair_fields[] = {
                                                                           "queries", "text_1", "data_1", "documents",
                                                                           "text_2",  "data_2", NULL};

const assay_dialect assay_dialect_classify = {
    .name = "vllm-classify",
    .summary = "vLLM's classification: one class, probs holds the raw reward (use_activation: its sigmoid)",
    .paths = classify_paths,
    .fields = input_fields,
    .reads = input_reads,
    .joint = "\n",
    .request = "{\"model\": \"default\", \"input\": [\"Human: 2+2? Assistant: 4\"]}",
    .response = "{\"id\": \"classify-1\", \"object\": \"list\", \"created\": 0, \"model\": \"default\", \"data\": "
                "[{\"index\": 0, \"label\": \"LABEL_0\", "
                "\"probs\": [0.5], \"num_classes\": 1}], \"usage\": {}}",
    .parse = parse_input,
    .render = render_classify,
};

const assay_dialect assay_dialect_pooling = {
    .name = "vllm-pooling",
    .summary = "vLLM's pooling: task classify gives a reward a text, token_classify a reward a token",
    .paths = pooling_paths,
    .fields = input_fields,
    .reads = pooling_reads,
    .joint = "\n",
    .base64 = true,
    .request = "{\"model\": \"default\", \"input\": \"Human: 2+2? Assistant: 4\", \"task\": \"classify\"}",
    .response = "{\"id\": \"pool-1\", \"object\": \"list\", \"created\": 0, \"model\": \"default\", \"data\": "
                "[{\"index\": 0, \"object\": \"pooling\", "
                "\"data\": [0.5]}], \"usage\": {}}",
    .parse = parse_pooling,
    .render = render_pooling,
};

const assay_dialect assay_dialect_pairs = {
    .name = "vllm-score",
    .summary = "vLLM's score: each document as the answer to the query, by the model's chat template; one query for "
               "all, or one each",
    .paths = pair_paths,
    .fields = pair_fields,
    .reads = input_reads,
    .joint = "\n",
    .request = "{\"model\": \"default\", \"queries\": \"What is 2+2?\", \"documents\": [\"4\", \"5\"]}",
    .response = "{\"id\": \"score-1\", \"object\": \"list\", \"created\": 0, \"model\": \"default\", \"data\": "
                "[{\"index\": 0, \"object\": \"score\", "
                "\"score\": 0.5}, {\"index\": 1, \"object\": \"score\", \"score\": -0.25}], \"usage\": {}}",
    .parse = parse_pairs,
    .render = render_pairs,
};
