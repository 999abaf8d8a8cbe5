/* Qwen3, dense: Qwen2 without biases, with a norm over each head of q and k before they are rotated, and heads whose
 * width is a number of its own. Reference: Transformers, models/qwen3/modeling_qwen3.py, configuration_qwen3.py. */
#include "family/qwen.h"

extern const assay_architecture assay_arch_qwen3;

enum { CLASS_HEAD_DIM = 128 };

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    if (!json_object_get(config, "head_dim")) out->head_dim = out->rotary = CLASS_HEAD_DIM;
    out->qk_norm = ASSAY_QK_HEADS;
    out->mlp_bias = false;
    return assay_qwen_windows(config, where, out, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"mlp_bias", NULL};
    json_t *config = assay_config_make_like(wanted, "qwen3", "Qwen3ForCausalLM", drop);
    if (config) json_object_set_new(config, "use_sliding_window", json_false());
    return config;
}

static const assay_model_shape shapes[] = {
    {"qwen3", true, 320, 64, 176, 2, 4, 2, 24, 2048, 1e-6, 1000000, 0},
    {"qwen3-0.6b", false, 151936, 1024, 3072, 28, 16, 8, 128, 40960, 1e-6, 1000000, 0},
    {0},
};

static const assay_gguf_family gguf = {.name = "qwen3",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"qwen3\", \"hidden_act\": \"silu\"}",
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .head_dim_always = true,
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Qwen3",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_qwen3 = {
    .name = "qwen3",
    .title = "Qwen3 (dense)",
    .base_class = "Qwen3ForCausalLM",
    .sequence_class = "Qwen3ForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "qwen3, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = assay_qwen_keys,
    .read_config = read_config,
    .make_config = make_config,
};
