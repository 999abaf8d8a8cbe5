/* Phi-3 and Phi-4: Llama with q, k and v fused in blocks and gate and up fused, heads rotated whole or in part, a
 * window in some. The long ones (longrope) are read up to the length they were first trained on. Reference:
 * Transformers, models/phi3/modeling_phi3.py and configuration_phi3.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_phi3;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_eps(config, "rms_norm_eps", 1e-5, out, where, err));
    out->qkv_bias = out->out_bias = out->mlp_bias = false;
    ASSAY_TRY(assay_config_window(config, "sliding_window", out, where, err));
    return assay_config_partial_rotary(config, 1, out, where, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias", "mlp_bias", "head_dim", NULL};
    json_t *config = assay_config_make_like(wanted, "phi3", "Phi3ForCausalLM", drop);
    if (config)
        json_object_update_new(config, json_pack("{s:I, s:b, s:I, s:f}", "sliding_window",
                                                 (json_int_t)wanted->max_positions / 8, "tie_word_embeddings", 0,
                                                 "original_max_position_embeddings", (json_int_t)wanted->max_positions,
                                                 "partial_rotary_factor", 0.75));
    return config;
}

static const assay_model_shape shapes[] = {{"phi3", true, 320, 64, 176, 2, 4, 2, 16, 512, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"sliding_window", "partial_rotary_factor", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .input_norm = "model.layers.%d.input_layernorm",
                                         .post_norm = "model.layers.%d.post_attention_layernorm",
                                         .final_norm = "model.norm",
                                         .qkv = "model.layers.%d.self_attn.qkv_proj",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate_up = "model.layers.%d.mlp.gate_up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

static const assay_name_pair gguf_block[] = {{"attn_norm", "input_layernorm"},
                                             {"attn_qkv", "self_attn.qkv_proj"},
                                             {"attn_output", "self_attn.o_proj"},
                                             {"ffn_norm", "post_attention_layernorm"},
                                             {"ffn_up", "mlp.gate_up_proj"},
                                             {"ffn_down", "mlp.down_proj"},
                                             {NULL, NULL}};

static const assay_gguf_key own_keys[] = {
    {"rope.scaling.original_context_length", "original_max_position_embeddings", false, true},
    {"attention.sliding_window", "sliding_window", false, true},
    {NULL, NULL, false, false}};

static const assay_gguf_family gguf = {.name = "phi3",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = gguf_block,
                                       .keys = assay_gguf_llama_keys,
                                       .own_keys = own_keys,
                                       .fixed = "{\"model_type\": \"phi3\", \"hidden_act\": \"silu\"}",
                                       .vocab_key = "vocab_size",
                                       .kv_heads_key = "num_key_value_heads",
                                       .ratio_key = "partial_rotary_factor",
                                       .class_prefix = "Phi3",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_phi3 = {
    .name = "phi3",
    .title = "Phi-3, Phi-4",
    .base_class = "Phi3ForCausalLM",
    .sequence_class = "Phi3ForSequenceClassification",
    .token_head = "score",
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
