/* SmolLM3: Llama whose every fourth layer is not rotated. no_rope_layers has a number a layer, 1 where the layer IS
 * rotated. Reference: Transformers, models/smollm3/modeling_smollm3.py and configuration_smollm3.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_smollm3;

static assay_status read_unrotated(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    const json_t *list = json_object_get(config, "no_rope_layers");
    int64_t every = 4;
    ASSAY_TRY(assay_json_int(config, "no_rope_layer_interval", false, &every, where, err));
    if (json_is_array(list) ? json_array_size(list) != out->layers : every < 1)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: no_rope_layers has %zu entries for %zu layers (no_rope_layer_interval %lld)", where,
                               json_array_size(list), out->layers, (long long)every);
    for (size_t layer = 0; layer < out->layers; layer++) {
        bool rotated = json_is_array(list) ? json_integer_value(json_array_get(list, layer)) != 0
                                           : (layer + 1) % (size_t)every != 0;
        if (!rotated) assay_layer_add(&out->unrotated, layer);
    }
    return ASSAY_OK;
}

/* Rotated layers have the window, where use_sliding_window switches it on. */
static assay_status read_windows(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    bool sliding = false;
    ASSAY_TRY(assay_json_bool(config, "use_sliding_window", false, &sliding, where, err));
    if (sliding) ASSAY_TRY(assay_config_window(config, "sliding_window", out, where, err));
    if (json_is_array(json_object_get(config, "layer_types")))
        return assay_config_layer_types(config, NULL, out, where, err);
    for (size_t i = 0; i < sizeof out->windowed.bits / sizeof *out->windowed.bits; i++)
        out->windowed.bits[i] &= ~out->unrotated.bits[i];
    return ASSAY_OK;
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_rope(config, 2000000, out->max_positions, &out->rope, where, err));
    ASSAY_TRY(read_unrotated(config, where, out, err));
    return read_windows(config, where, out, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"head_dim", NULL};
    json_t *config = assay_config_make_like(wanted, "smollm3", "SmolLM3ForCausalLM", drop);
    if (config)
        json_object_update_new(config, json_pack("{s:b, s:i}", "use_sliding_window", 0, "no_rope_layer_interval", 2));
    return config;
}

static const assay_model_shape shapes[] = {{"smollm3", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-6, 2000000, 0}, {0}};

static const char *const keys[] = {
    "no_rope_layers", "no_rope_layer_interval", "use_sliding_window", "sliding_window", "layer_types", NULL};

/* llama.cpp knows no other interval than four. */
static const assay_gguf_family gguf = {
    .name = "smollm3",
    .block = "model.layers.",
    .whole = assay_gguf_llama_whole,
    .in_block = assay_gguf_llama_block,
    .permuted = true,
    .keys = assay_gguf_llama_keys,
    .fixed = "{\"model_type\": \"smollm3\", \"hidden_act\": \"silu\", \"no_rope_layer_interval\": 4}",
    .vocab_key = "vocab_size",
    .kv_heads_key = "num_key_value_heads",
    .class_prefix = "SmolLM3",
    .base_class = "ForCausalLM"};

const assay_architecture assay_arch_smollm3 = {
    .name = "smollm3",
    .title = "SmolLM3",
    .base_class = "SmolLM3ForCausalLM",
    .sequence_class = "SmolLM3ForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
