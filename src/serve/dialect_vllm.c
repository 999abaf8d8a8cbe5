/* vLLM's pooling endpoints (docs/models/pooling_models): /classify, /pooling, /score. One class: probs is the reward
 * itself, raw unless use_activation (older: activation) is true. */
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
    const char *keep = NULL;
    int64_t most = 0;
    ASSAY_TRY(parse_activation(ask, err));
    ASSAY_TRY(assay_json_int(ask->body, "truncate_prompt_tokens", false, &most, "the request", err));
    ASSAY_TRY(assay_json_string(ask->body, "truncation_side", false, &keep, "the request", err));
    ask->truncate = ask->truncate || most != 0;
    ask->truncate_left = most != 0 && !(keep && !strcmp(keep, "right")); /* vLLM keeps the last tokens */
    ask->max_length = most > 0 ? most : 0;
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
        json_array_append_new(data, json_pack("{s:I, s:s, s:[f], s:i}", "index", (json_int_t)i, "label", "LABEL_0",
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

static json_t *render_pooling(const assay_ask *ask, const assay_reply *reply)
{
    json_t *data = json_array();
    for (size_t i = 0; i < ask->count; i++) {
        json_t *values = reply->traces ? token_rewards(reply->traces[i]) : json_pack("[f]", reply->scores[i]);
        json_array_append_new(
            data, json_pack("{s:I, s:s, s:o}", "index", (json_int_t)i, "object", "pooling", "data", values));
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

/* One query with N documents, or N with N. The names changed twice from release to release. */
static assay_status parse_pairs(assay_ask *ask, assay_error *err)
{
    static const char *const query_names[] = {"queries", "text_1", "data_1", NULL}, *const document_names[] = {
                                                                                        "documents", "text_2", "data_2",
                                                                                        NULL};
    const json_t *queries = any_of(ask, query_names), *documents = any_of(ask, document_names);
    if (!queries || !documents)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "\"queries\" (or text_1, data_1) and \"documents\" (or text_2, data_2) are needed, both");
    size_t many = json_is_array(queries) ? json_array_size(queries) : 1,
           count = json_is_array(documents) ? json_array_size(documents) : 1;
    if (many != 1 && many != count)
        return assay_error_set(err, ASSAY_E_FORMAT, "%zu queries and %zu documents: one query, or as many as documents",
                               many, count);
    ASSAY_TRY(parse_activation(ask, err));
    ask->is_list = true;
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(assay_ask_answer(ask, element(queries, many == 1 ? 0 : i), element(documents, i), "documents", err));
    return ASSAY_OK;
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
static const char *const input_fields[] = {"input", "messages", NULL}, *const pair_fields[] = {
                                                                           "queries", "text_1", "data_1", "documents",
                                                                           "text_2",  "data_2", NULL};

const assay_dialect assay_dialect_classify = {
    .name = "vllm-classify",
    .summary = "vLLM's classification: one class, probs holds the raw reward (use_activation: its sigmoid)",
    .paths = classify_paths,
    .fields = input_fields,
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
    .request = "{\"model\": \"default\", \"queries\": \"What is 2+2?\", \"documents\": [\"4\", \"5\"]}",
    .response = "{\"id\": \"score-1\", \"object\": \"list\", \"created\": 0, \"model\": \"default\", \"data\": "
                "[{\"index\": 0, \"object\": \"score\", "
                "\"score\": 0.5}, {\"index\": 1, \"object\": \"score\", \"score\": -0.25}], \"usage\": {}}",
    .parse = parse_pairs,
    .render = render_pairs,
};
