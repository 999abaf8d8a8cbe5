/* Llama and what shares its code: pre-norm decoder, rotate-half positions over the whole head, grouped keys, SwiGLU.
 * Reference: Transformers, models/llama/modeling_llama.py and configuration_llama.py. */
#include "model/architecture.h"

#include <string.h>

enum { MOST = 1 << 24 };

static bool recognise(const json_t *config) { return assay_config_is_type(config, "llama"); }

static assay_status check_activation(const json_t *config, const char *where, assay_error *err)
{
    const char *activation = "silu";
    ASSAY_TRY(assay_json_string(config, "hidden_act", false, &activation, where, err));
    if (!strcmp(activation, "silu")) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: hidden_act \"%s\"; only silu is supported", where,
                           activation);
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    double eps = 1e-6;
    ASSAY_TRY(check_activation(config, where, err));
    ASSAY_TRY(assay_config_size(config, "vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(assay_config_size(config, "hidden_size", MOST, &out->hidden, where, err));
    ASSAY_TRY(assay_config_size(config, "intermediate_size", MOST, &out->ffn, where, err));
    ASSAY_TRY(assay_config_size(config, "num_hidden_layers", 4096, &out->layers, where, err));
    ASSAY_TRY(assay_config_size(config, "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "num_key_value_heads", 4096, out->heads, &out->kv_heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "head_dim", 4096, out->hidden / out->heads, &out->head_dim, where, err));
    ASSAY_TRY(assay_config_size_or(config, "max_position_embeddings", (size_t)1 << 30, 2048, &out->max_positions, where,
                                   err));
    ASSAY_TRY(assay_json_double(config, "rms_norm_eps", false, &eps, where, err));
    ASSAY_TRY(assay_json_bool(config, "attention_bias", false, &out->qkv_bias, where, err));
    ASSAY_TRY(assay_json_bool(config, "mlp_bias", false, &out->mlp_bias, where, err));
    out->out_bias = out->qkv_bias;
    out->eps = (float)eps;
    out->rotary = out->head_dim;
    ASSAY_TRY(assay_config_rope(config, 10000, out->max_positions, &out->rope, where, err));
    return assay_config_tokens(config, out, where, err);
}

static json_t *make_config(const assay_model_config *c)
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

const assay_architecture assay_arch_llama = {
    .name = "llama",
    .title = "Llama 2/3, SmolLM2, TinyLlama",
    .sequence_class = "LlamaForSequenceClassification",
    .template_hint = "llama2, llama3, or the checkpoint's own",
    .names = {.prefix = "model.",
              .embedding = "model.embed_tokens",
              .input_norm = "model.layers.%d.input_layernorm",
              .post_norm = "model.layers.%d.post_attention_layernorm",
              .final_norm = "model.norm",
              .q = "model.layers.%d.self_attn.q_proj",
              .k = "model.layers.%d.self_attn.k_proj",
              .v = "model.layers.%d.self_attn.v_proj",
              .out = "model.layers.%d.self_attn.o_proj",
              .gate = "model.layers.%d.mlp.gate_proj",
              .up = "model.layers.%d.mlp.up_proj",
              .down = "model.layers.%d.mlp.down_proj",
              .head = "score"},
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
