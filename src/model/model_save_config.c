/* config.json of what is written.
 *
 * A reward model in Hugging Face: one label, so that num_labels is 1 (it is the length of id2label and stored nowhere
 * else), or as many as attributes were learned; problem_type regression; sentence_transformers' activation Identity, or
 * vLLM and sentence-transformers would put a sigmoid behind the score; pad_token_id, because Hugging Face scores the
 * last token that differs from it and refuses batches without one (Transformers, modeling_layers.py,
 * GenericForSequenceClassification). */
#include "model/model_save_private.h"

static const char *dtype_text(assay_dtype dtype)
{
    return dtype == ASSAY_BF16  ? "bfloat16"
           : dtype == ASSAY_F16 ? "float16"
           : dtype == ASSAY_F64 ? "float64"
                                : "float32";
}

static assay_status make_reward(json_t *config, const assay_save_config_request *request, assay_error *err)
{
    json_object_set_new(config, "architectures", json_pack("[s]", request->sequence_class));
    bool named = request->outputs > 1 && json_object_size(json_object_get(config, "id2label")) == request->outputs;
    if (request->labels || !named) ASSAY_TRY(assay_label_put(config, request->outputs, request->labels, err));
    /* a classifier that others trained stays what it is */
    bool other = request->outputs > 1 && !request->labels && json_object_get(config, "problem_type");
    if (!other) json_object_set_new(config, "problem_type", json_string("regression"));
    json_object_set_new(config, "sentence_transformers",
                        json_pack("{s:s}", "activation_fn", "torch.nn.modules.linear.Identity"));
    json_object_del(config, "num_labels");
    if (request->pad_token >= 0) json_object_set_new(config, "pad_token_id", json_integer(request->pad_token));
    return ASSAY_OK;
}

/* Transformers 5 writes rope_parameters alone, and 4 does not read it: it would score with another base, without a
 * word. */
static void spell_rope_twice(json_t *config)
{
    const json_t *rope = json_object_get(config, "rope_parameters");
    json_t *theta = json_object_get(rope, "rope_theta");
    if (json_is_number(theta) && !json_object_get(config, "rope_theta")) json_object_set(config, "rope_theta", theta);
}

assay_status assay_save_config(const assay_save_config_request *request, json_t **out, assay_error *err)
{
    const json_t *base = request->base;
    *out = json_deep_copy(base);
    ASSAY_TRY_ALLOC(*out, "a config", err);
    const char *key = json_object_get(base, "dtype") && !json_object_get(base, "torch_dtype") ? "dtype" : "torch_dtype";
    json_object_set_new(*out, key, json_string(dtype_text(request->dtype)));
    json_object_del(*out, "_name_or_path");
    json_object_del(*out, ASSAY_LABEL_KEY);
    /* what is written is not packed as the base was */
    if (json_is_object(json_object_get(*out, "quantization_config"))) json_object_del(*out, "quantization_config");
    spell_rope_twice(*out);
    return request->outputs ? make_reward(*out, request, err) : ASSAY_OK;
}
