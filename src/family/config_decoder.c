/* Llama's spelling of a config, which most families share, and its names of weights, in Hugging Face's files and in
 * GGUF. Reference: Transformers, models/llama/configuration_llama.py; llama.cpp, gguf-py/gguf/constants.py. */
#include "family/architecture.h"

enum { MOST = 1 << 24 };

const assay_module_names assay_names_llama = {.prefix = "model.",
                                              .embedding = "model.embed_tokens",
                                              .input_norm = "model.layers.%d.input_layernorm",
                                              .post_norm = "model.layers.%d.post_attention_layernorm",
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

const assay_gguf_key assay_gguf_llama_keys[] = {
    {"embedding_length", "hidden_size", false, false},
    {"feed_forward_length", "intermediate_size", false, false},
    {"block_count", "num_hidden_layers", false, false},
    {"attention.head_count", "num_attention_heads", false, false},
    {"context_length", "max_position_embeddings", false, false},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps", true, false},
    {NULL, NULL, false, false},
};

const assay_name_pair assay_gguf_llama_whole[] = {{"token_embd", "model.embed_tokens"},
                                                  {"output_norm", "model.norm"},
                                                  {"output", "lm_head"},
                                                  {"cls.output", "score"},
                                                  {NULL, NULL}};

const assay_name_pair assay_gguf_llama_block[] = {
    {"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"}, {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},       {NULL, NULL}};

assay_status assay_config_read_decoder(const json_t *config, const char *where, assay_model_config *out,
                                       assay_error *err)
{
    ASSAY_TRY(assay_config_activation(config, "hidden_act", "silu", out, where, err));
    ASSAY_TRY(assay_config_size(config, "vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(assay_config_size(config, "hidden_size", MOST, &out->hidden, where, err));
    ASSAY_TRY(assay_config_size(config, "intermediate_size", MOST, &out->ffn, where, err));
    ASSAY_TRY(assay_config_size(config, "num_hidden_layers", ASSAY_MOST_LAYERS, &out->layers, where, err));
    ASSAY_TRY(assay_config_size(config, "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "num_key_value_heads", 4096, out->heads, &out->kv_heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "head_dim", 4096, out->hidden / out->heads, &out->head_dim, where, err));
    ASSAY_TRY(assay_config_size_or(config, "max_position_embeddings", (size_t)1 << 30, 2048, &out->max_positions, where,
                                   err));
    ASSAY_TRY(assay_config_eps(config, "rms_norm_eps", 1e-6, out, where, err));
    ASSAY_TRY(assay_json_bool(config, "attention_bias", false, &out->qkv_bias, where, err));
    ASSAY_TRY(assay_json_bool(config, "mlp_bias", false, &out->mlp_bias, where, err));
    out->out_bias = out->qkv_bias;
    out->rotary = out->head_dim;
    ASSAY_TRY(assay_config_rope(config, 10000, out->max_positions, &out->rope, where, err));
    return assay_config_tokens(config, out, where, err);
}

json_t *assay_config_make_decoder(const assay_model_config *c)
{
    return json_pack(
        "{s:s, s:[s], s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:b, s:b, s:b, s:f, s:I, s:I, s:I}",
        "model_type", "llama", "architectures", "LlamaForCausalLM", "hidden_act", "silu", "vocab_size",
        (json_int_t)c->vocab, "hidden_size", (json_int_t)c->hidden, "intermediate_size", (json_int_t)c->ffn,
        "num_hidden_layers", (json_int_t)c->layers, "num_attention_heads", (json_int_t)c->heads, "num_key_value_heads",
        (json_int_t)c->kv_heads, "head_dim", (json_int_t)c->head_dim, "max_position_embeddings",
        (json_int_t)c->max_positions, "rms_norm_eps", (double)c->eps, "rope_theta", c->rope.base, "attention_bias", 0,
        "mlp_bias", 0, "tie_word_embeddings", 1, "initializer_range", 0.02, "bos_token_id", (json_int_t)c->bos_token,
        "eos_token_id", (json_int_t)c->eos_token, "pad_token_id", (json_int_t)c->pad_token);
}

json_t *assay_config_make_like(const assay_model_config *wanted, const char *model_type, const char *class_name,
                               const char *const *drop)
{
    json_t *config = assay_config_make_decoder(wanted);
    if (!config) return NULL;
    for (; drop && *drop; drop++) json_object_del(config, *drop);
    json_object_set_new(config, "model_type", json_string(model_type));
    json_object_set_new(config, "architectures", json_pack("[s]", class_name));
    return config;
}
