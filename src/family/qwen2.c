/* Qwen2 and Qwen2.5: Llama with a bias on q, k and v, always, and none elsewhere. Layers from max_window_layers on have
 * a window where use_sliding_window says so; released checkpoints have it switched off.
 * Reference: Transformers, models/qwen2/modeling_qwen2.py and configuration_qwen2.py. */
#include "family/qwen.h"

extern const assay_architecture assay_arch_qwen2;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    out->qkv_bias = true;
    out->out_bias = out->mlp_bias = false;
    return assay_qwen_windows(config, where, out, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias", "mlp_bias", NULL};
    json_t *config = assay_config_make_like(wanted, "qwen2", "Qwen2ForCausalLM", drop);
    if (config) json_object_set_new(config, "use_sliding_window", json_false());
    return config;
}

static const assay_model_shape shapes[] = {
    {"qwen2", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-6, 1000000, 0},
    {"qwen2.5-0.5b", false, 151936, 896, 4864, 24, 14, 2, 64, 32768, 1e-6, 1000000, 0},
    {0},
};

static const assay_gguf_family gguf = {.name = "qwen2",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"qwen2\", \"hidden_act\": \"silu\"}",
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Qwen2",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_qwen2 = {
    .name = "qwen2",
    .title = "Qwen2, Qwen2.5",
    .base_class = "Qwen2ForCausalLM",
    .sequence_class = "Qwen2ForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "qwen",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = assay_qwen_keys,
    .read_config = read_config,
    .make_config = make_config,
};
