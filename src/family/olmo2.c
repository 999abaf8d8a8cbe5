/* OLMo 2: Llama with no norm before a branch but one behind it, and norms over whole rows of q and k before they are
 * rotated. Reference: Transformers, models/olmo2/modeling_olmo2.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_olmo2;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_eps(config, "rms_norm_eps", 1e-5, out, where, err));
    out->qk_norm = ASSAY_QK_ROWS;
    out->mlp_bias = false;
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"mlp_bias", "head_dim", NULL};
    json_t *config = assay_config_make_like(wanted, "olmo2", "Olmo2ForCausalLM", drop);
    if (config) json_object_set_new(config, "tie_word_embeddings", json_false());
    return config;
}

static const assay_model_shape shapes[] = {{"olmo2", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-6, 500000, 0}, {0}};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .attention_norm = "model.layers.%d.post_attention_layernorm",
                                         .mlp_norm = "model.layers.%d.post_feedforward_layernorm",
                                         .final_norm = "model.norm",
                                         .q = "model.layers.%d.self_attn.q_proj",
                                         .k = "model.layers.%d.self_attn.k_proj",
                                         .v = "model.layers.%d.self_attn.v_proj",
                                         .q_norm = "model.layers.%d.self_attn.q_norm",
                                         .k_norm = "model.layers.%d.self_attn.k_norm",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate = "model.layers.%d.mlp.gate_proj",
                                         .up = "model.layers.%d.mlp.up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

static const assay_name_pair gguf_block[] = {{"attn_q", "self_attn.q_proj"},
                                             {"attn_k", "self_attn.k_proj"},
                                             {"attn_v", "self_attn.v_proj"},
                                             {"attn_q_norm", "self_attn.q_norm"},
                                             {"attn_k_norm", "self_attn.k_norm"},
                                             {"attn_output", "self_attn.o_proj"},
                                             {"post_attention_norm", "post_attention_layernorm"},
                                             {"ffn_gate", "mlp.gate_proj"},
                                             {"ffn_up", "mlp.up_proj"},
                                             {"ffn_down", "mlp.down_proj"},
                                             {"post_ffw_norm", "post_feedforward_layernorm"},
                                             {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "olmo2",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = gguf_block,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"olmo2\", \"hidden_act\": \"silu\"}",
                                       .vocab_key = "vocab_size",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Olmo2",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_olmo2 = {
    .name = "olmo2",
    .title = "OLMo 2",
    .base_class = "Olmo2ForCausalLM",
    .sequence_class = "Olmo2ForSequenceClassification",
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .read_config = read_config,
    .make_config = make_config,
};
