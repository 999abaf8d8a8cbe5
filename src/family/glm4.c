/* GLM-4-0414 and GLM-Z1 in Transformers' own classes: Glm with a norm behind attention and one behind the MLP, before
 * each joins the residual. Reference: Transformers, models/glm4/modeling_glm4.py. */
#include "family/glm.h"

extern const assay_architecture assay_arch_glm4;

static json_t *make_config(const assay_model_config *c) { return assay_glm_make(c, "glm4", "Glm4ForCausalLM"); }

static const assay_model_shape shapes[] = {{"glm4", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"partial_rotary_factor", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .input_norm = "model.layers.%d.input_layernorm",
                                         .attention_norm = "model.layers.%d.post_self_attn_layernorm",
                                         .post_norm = "model.layers.%d.post_attention_layernorm",
                                         .mlp_norm = "model.layers.%d.post_mlp_layernorm",
                                         .final_norm = "model.norm",
                                         .q = "model.layers.%d.self_attn.q_proj",
                                         .k = "model.layers.%d.self_attn.k_proj",
                                         .v = "model.layers.%d.self_attn.v_proj",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate_up = "model.layers.%d.mlp.gate_up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

static const assay_name_pair gguf_block[] = {{"attn_norm", "input_layernorm"},
                                             {"attn_q", "self_attn.q_proj"},
                                             {"attn_k", "self_attn.k_proj"},
                                             {"attn_v", "self_attn.v_proj"},
                                             {"attn_output", "self_attn.o_proj"},
                                             {"post_attention_norm", "post_self_attn_layernorm"},
                                             {"ffn_norm", "post_attention_layernorm"},
                                             {"ffn_up", "mlp.gate_up_proj"},
                                             {"ffn_down", "mlp.down_proj"},
                                             {"post_ffw_norm", "post_mlp_layernorm"},
                                             {NULL, NULL}};

static const assay_name_pair switches[] = {{"blk.0.attn_q.bias", "attention_bias"}, {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "glm4",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = gguf_block,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"glm4\", \"hidden_act\": \"silu\"}",
                                       .switches = switches,
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .kv_heads_key = "num_key_value_heads",
                                       .ratio_key = "partial_rotary_factor",
                                       .ratio = 0.5,
                                       .class_prefix = "Glm4",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_glm4 = {
    .name = "glm4",
    .title = "GLM-4-0414, GLM-Z1",
    .base_class = "Glm4ForCausalLM",
    .sequence_class = "Glm4ForSequenceClassification",
    .token_head = "score",
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "glm4, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = assay_glm_read,
    .make_config = make_config,
};
