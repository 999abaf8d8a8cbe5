/* config.json of what is written.
 *
 * A reward model in Hugging Face: one label, so that num_labels is 1 (it is the length of id2label and stored nowhere
 * else); problem_type regression; sentence_transformers' activation Identity, or vLLM and sentence-transformers would
 * put a sigmoid behind the score; pad_token_id, because Hugging Face scores the last token that differs from it and
 * refuses batches without one (Transformers, modeling_layers.py, GenericForSequenceClassification). */
#include "model/model_save_private.h"

static const char *dtype_text(assay_dtype dtype)
{
    return dtype == ASSAY_BF16  ? "bfloat16"
           : dtype == ASSAY_F16 ? "float16"
           : dtype == ASSAY_F64 ? "float64"
                                : "float32";
}

static void make_reward(json_t *config, const char *sequence_class, int64_t pad_token)
{
    json_object_set_new(config, "architectures", json_pack("[s]", sequence_class));
    json_object_set_new(config, "id2label", json_pack("{s:s}", "0", "LABEL_0"));
    json_object_set_new(config, "label2id", json_pack("{s:i}", "LABEL_0", 0));
    json_object_set_new(config, "problem_type", json_string("regression"));
    json_object_set_new(config, "sentence_transformers",
                        json_pack("{s:s}", "activation_fn", "torch.nn.modules.linear.Identity"));
    json_object_del(config, "num_labels");
    if (pad_token >= 0) json_object_set_new(config, "pad_token_id", json_integer(pad_token));
}

/* Transformers 5 writes rope_parameters alone, and 4 does not read it: it would score with another base, without a
 * word. */
static void spell_rope_twice(json_t *config)
{
    const json_t *rope = json_object_get(config, "rope_parameters");
    json_t *theta = json_object_get(rope, "rope_theta");
    if (json_is_number(theta) && !json_object_get(config, "rope_theta")) json_object_set(config, "rope_theta", theta);
}

assay_status assay_save_config(const json_t *base, const char *sequence_class, bool head, assay_dtype dtype,
                               int64_t pad_token, json_t **out, assay_error *err)
{
    *out = json_deep_copy(base);
    ASSAY_TRY_ALLOC(*out, "a config", err);
    const char *key = json_object_get(base, "dtype") && !json_object_get(base, "torch_dtype") ? "dtype" : "torch_dtype";
    json_object_set_new(*out, key, json_string(dtype_text(dtype)));
    json_object_del(*out, "_name_or_path");
    /* what is written is not packed as the base was */
    if (json_is_object(json_object_get(*out, "quantization_config"))) json_object_del(*out, "quantization_config");
    spell_rope_twice(*out);
    if (head) make_reward(*out, sequence_class, pad_token);
    return ASSAY_OK;
}
