/* Mistral 7B and what shares its class: Llama without any bias; in v0.1 every layer sees a window of 4096 tokens, from
 * v0.2 on there is none (sliding_window null). The class's own default is 4096, for a config that leaves the key out.
 * llama.cpp knows it as llama. Reference: Transformers, models/mistral/modeling_mistral.py, configuration_mistral.py.
 */
#include "family/architecture.h"

extern const assay_architecture assay_arch_mistral;

enum { CLASS_WINDOW = 4096, CLASS_KEY_HEADS = 8 };

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    if (!json_object_get(config, "num_key_value_heads")) out->kv_heads = CLASS_KEY_HEADS;
    if (!json_object_get(config, "sliding_window")) out->window = CLASS_WINDOW;
    ASSAY_TRY(assay_config_window(config, "sliding_window", out, where, err));
    for (size_t layer = 0; out->window && layer < out->layers; layer++) assay_layer_add(&out->windowed, layer);
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias", "mlp_bias", NULL};
    json_t *config = assay_config_make_like(wanted, "mistral", "MistralForCausalLM", drop);
    if (config) json_object_set_new(config, "sliding_window", json_integer((json_int_t)wanted->max_positions / 8));
    return config;
}

static const assay_model_shape shapes[] = {{"mistral", true, 320, 64, 176, 2, 4, 2, 16, 512, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"sliding_window", NULL};

const assay_architecture assay_arch_mistral = {
    .name = "mistral",
    .title = "Mistral 7B, Ministral 8B",
    .base_class = "MistralForCausalLM",
    .sequence_class = "MistralForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "mistral, or the checkpoint's own",
    .shapes = shapes,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
