/* SGLang's native /classify (docs/basic_usage/native_api): rendered texts, or their ids; the reward is read as
 * embedding[0]. */
#include "serve/dialect.h"

static assay_status parse(assay_ask *ask, assay_error *err)
{
    const json_t *text = assay_ask_field(ask, "text");
    ask->single_bos = true;
    if (text) return assay_ask_texts(ask, text, "text", err);
    return assay_ask_inputs(ask, assay_ask_field(ask, "input_ids"), "input_ids", err);
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ask->count; i++)
        json_array_append_new(list, json_pack("{s:[f], s:{}}", "embedding", reply->scores[i], "meta_info"));
    if (ask->is_list) return list;
    json_t *one = json_incref(json_array_get(list, 0));
    json_decref(list);
    return one;
}

static const char *const paths[] = {"/classify", NULL};
static const char *const fields[] = {"text", "input_ids", NULL}, *const nothing[] = {NULL};

const assay_dialect assay_dialect_sglang = {
    .name = "sglang-classify",
    .summary = "SGLang's native classification: the reward is embedding[0]",
    .paths = paths,
    .fields = fields,
    .reads = nothing,
    .request = "{\"model\": \"default\", \"text\": [\"Human: 2+2? Assistant: 4\"]}",
    .response = "[{\"embedding\": [0.5], \"meta_info\": {}}]",
    .parse = parse,
    .render = render,
};
