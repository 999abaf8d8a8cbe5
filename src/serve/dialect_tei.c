/* Text Embeddings Inference's /predict (router/src/http/types.rs): a text, a pair in a list of two, or lists of
 * those. */
#include "serve/dialect.h"

#include <string.h>

/* [text] or [text, text]; two texts are a prompt and its answer. */
static assay_status add_sequence(assay_ask *ask, const json_t *value, assay_error *err)
{
    size_t count = json_array_size(value);
    if (count == 1) return assay_ask_text(ask, json_array_get(value, 0), "inputs", err);
    if (count == 2) {
        const assay_turns *prompt;
        ASSAY_TRY(assay_ask_prompt(ask, &prompt, json_array_get(value, 0), "inputs", err));
        return assay_ask_answer(ask, prompt, json_array_get(value, 1), "inputs", err);
    }
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "\"inputs\": a list of %zu; inside a batch a list holds one text, or a prompt and its answer", count);
}

static assay_status add_inputs(assay_ask *ask, const json_t *inputs, assay_error *err)
{
    if (!json_is_array(inputs)) return assay_ask_text(ask, inputs, "inputs", err);
    ask->is_list = true;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *one = json_array_get(inputs, i);
        ASSAY_TRY(json_is_array(one) ? add_sequence(ask, one, err) : assay_ask_text(ask, one, "inputs", err));
    }
    return ASSAY_OK;
}

/* huggingface_hub's client: {"parameters": {"function_to_apply": ...}}. A softmax over one class would be 1 whatever
 * the text. */
static assay_status parse_parameters(assay_ask *ask, assay_error *err)
{
    const json_t *parameters = assay_ask_field(ask, "parameters");
    const char *name = NULL;
    if (!parameters) return ASSAY_OK;
    if (!json_is_object(parameters))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"parameters\" should be an object and is %s",
                               assay_json_kind(parameters));
    ASSAY_TRY(assay_json_string(parameters, "function_to_apply", false, &name, "\"parameters\"", err));
    if (!name) return ASSAY_OK;
    if (strcmp(name, "none") != 0 && strcmp(name, "sigmoid") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "\"function_to_apply\" is \"%.40s\"; a reward has \"none\" and \"sigmoid\"", name);
    ask->activation = *name == 'n' ? ASSAY_ASK_RAW : ASSAY_ASK_SIGMOID;
    return ASSAY_OK;
}

static assay_status parse(assay_ask *ask, assay_error *err)
{
    bool raw = true;
    ASSAY_TRY(assay_ask_flag(ask, "raw_scores", &raw, err));
    if (assay_ask_field(ask, "raw_scores")) ask->activation = raw ? ASSAY_ASK_RAW : ASSAY_ASK_SIGMOID;
    ASSAY_TRY(parse_parameters(ask, err));
    ask->single_bos = true;
    return add_inputs(ask, assay_ask_field(ask, "inputs"), err);
}

static json_t *prediction(const assay_reply *reply, size_t index)
{
    return json_pack("[{s:f, s:s}]", "score", reply->scores[index], "label", reply->label);
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    if (!ask->is_list) return prediction(reply, 0);
    json_t *list = json_array();
    for (size_t i = 0; i < ask->count; i++) json_array_append_new(list, prediction(reply, i));
    return list;
}

static const char *const paths[] = {"/predict", "/", "/invocations", NULL};
static const char *const fields[] = {"inputs", NULL}, *const reads[] = {"raw_scores", "parameters", NULL};

const assay_dialect assay_dialect_tei_predict = {
    .name = "tei-predict",
    .summary = "Text Embeddings Inference's classifier. raw_scores false: sigmoid, as there; without it the raw "
               "reward, which there is not the default",
    .paths = paths,
    .fields = fields,
    .reads = reads,
    .request = "{\"inputs\": [\"Human: 2+2? Assistant: 4\", [\"What is 2+2?\", \"4\"]], \"raw_scores\": true}",
    .response = "[[{\"score\": 0.5, \"label\": \"LABEL_0\"}], [{\"score\": -0.25, \"label\": \"LABEL_0\"}]]",
    .parse = parse,
    .render = render,
};
