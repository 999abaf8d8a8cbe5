/* ChatGLM2-6B and ChatGLM3-6B (and GLM-4's remote layout): one fused query-key-value module in blocks [q | k | v], one
 * fused gate-and-up module, rotary positions in adjacent pairs over the first half of each head. Reference:
 * modeling_chatglm.py of THUDM/chatglm2-6b and chatglm3-6b (in f32 the two are one). */
#include "model/architecture.h"

#include <string.h>

enum { MOST = 1 << 24 };

static bool recognise(const json_t *config) { return assay_config_is_type(config, "chatglm"); }

static assay_status expect_bool(const json_t *config, const char *key, bool fallback, bool wanted, const char *where,
                                assay_error *err)
{
    bool found = fallback;
    ASSAY_TRY(assay_json_bool(config, key, false, &found, where, err));
    if (found == wanted) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: \"%s\" is %s; only %s is supported (as in every released ChatGLM2/3)", where, key,
                           found ? "true" : "false", wanted ? "true" : "false");
}

static assay_status check_variant(const json_t *config, const char *where, assay_error *err)
{
    if (!json_object_get(config, "multi_query_attention"))
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "%s: this is the first ChatGLM-6B (no \"multi_query_attention\"); ChatGLM2 and later are supported", where);
    ASSAY_TRY(expect_bool(config, "multi_query_attention", false, true, where, err));
    ASSAY_TRY(expect_bool(config, "rmsnorm", true, true, where, err));
    ASSAY_TRY(expect_bool(config, "post_layer_norm", true, true, where, err));
    ASSAY_TRY(expect_bool(config, "original_rope", true, true, where, err));
    return expect_bool(config, "apply_residual_connection_post_layernorm", false, false, where, err);
}

static assay_status refuse_prefix(const json_t *config, const char *where, assay_error *err)
{
    int64_t prefix = 0, bits = 0;
    ASSAY_TRY(assay_json_int(config, "pre_seq_len", false, &prefix, where, err));
    ASSAY_TRY(assay_json_int(config, "quantization_bit", false, &bits, where, err));
    if (prefix == 0 && bits == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: %s is not supported; use the plain checkpoint", where,
                           prefix ? "P-tuning (pre_seq_len)" : "a quantised checkpoint (quantization_bit)");
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    double eps = 1e-5, ratio = 1;
    bool linear_bias = false;
    ASSAY_TRY(check_variant(config, where, err));
    ASSAY_TRY(refuse_prefix(config, where, err));
    ASSAY_TRY(assay_config_size(config, "padded_vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(assay_config_size(config, "hidden_size", MOST, &out->hidden, where, err));
    ASSAY_TRY(assay_config_size(config, "ffn_hidden_size", MOST, &out->ffn, where, err));
    ASSAY_TRY(assay_config_size(config, "num_layers", 4096, &out->layers, where, err));
    ASSAY_TRY(assay_config_size(config, "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "multi_query_group_num", 4096, 1, &out->kv_heads, where, err));
    ASSAY_TRY(assay_config_size(config, "kv_channels", 4096, &out->head_dim, where, err));
    ASSAY_TRY(assay_config_size_or(config, "seq_length", (size_t)1 << 30, 2048, &out->max_positions, where, err));
    ASSAY_TRY(assay_json_double(config, "layernorm_epsilon", false, &eps, where, err));
    ASSAY_TRY(assay_json_double(config, "rope_ratio", false, &ratio, where, err));
    ASSAY_TRY(assay_json_bool(config, "add_bias_linear", false, &linear_bias, where, err));
    ASSAY_TRY(assay_json_bool(config, "add_qkv_bias", false, &out->qkv_bias, where, err));
    out->qkv_bias = out->qkv_bias || linear_bias;
    out->out_bias = out->mlp_bias = linear_bias;
    out->head_bias = true;
    out->eps = (float)eps;
    out->rotary = out->head_dim / 2;
    out->adjacent = true;
    out->rope = (assay_rope_config){.base = 10000 * ratio, .factor = 1};
    return assay_config_tokens(config, out, where, err);
}

static json_t *make_config(const assay_model_config *c)
{
    json_t *config =
        json_pack("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I}", "model_type", "chatglm",
                  "architectures", "ChatGLMModel", "padded_vocab_size", (json_int_t)c->vocab, "vocab_size",
                  (json_int_t)c->vocab, "hidden_size", (json_int_t)c->hidden, "ffn_hidden_size", (json_int_t)c->ffn,
                  "num_layers", (json_int_t)c->layers, "num_attention_heads", (json_int_t)c->heads,
                  "multi_query_group_num", (json_int_t)c->kv_heads, "kv_channels", (json_int_t)c->head_dim,
                  "seq_length", (json_int_t)c->max_positions, "layernorm_epsilon", (double)c->eps, "eos_token_id",
                  (json_int_t)c->eos_token, "pad_token_id", (json_int_t)c->pad_token);
    json_t *switches =
        json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:f, s:f}", "multi_query_attention", 1,
                  "add_qkv_bias", 1, "add_bias_linear", 0, "rmsnorm", 1, "post_layer_norm", 1, "original_rope", 1,
                  "apply_query_key_layer_scaling", 1, "attention_softmax_in_fp32", 1, "fp32_residual_connection", 0,
                  "apply_residual_connection_post_layernorm", 0, "tie_word_embeddings", 0, "hidden_dropout", 0.0,
                  "attention_dropout", 0.0);
    if (config && switches) json_object_update(config, switches);
    json_decref(switches);
    return config;
}

const assay_architecture assay_arch_chatglm = {
    .name = "chatglm",
    .title = "ChatGLM2-6B, ChatGLM3-6B",
    .sequence_class = "ChatGLMForSequenceClassification",
    .template_hint = "chatglm2, chatglm3",
    .peft_task_type_null = true,
    .names = {.prefix = "transformer.",
              .embedding = "transformer.embedding.word_embeddings",
              .input_norm = "transformer.encoder.layers.%d.input_layernorm",
              .post_norm = "transformer.encoder.layers.%d.post_attention_layernorm",
              .final_norm = "transformer.encoder.final_layernorm",
              .qkv = "transformer.encoder.layers.%d.self_attention.query_key_value",
              .out = "transformer.encoder.layers.%d.self_attention.dense",
              .gate_up = "transformer.encoder.layers.%d.mlp.dense_h_to_4h",
              .down = "transformer.encoder.layers.%d.mlp.dense_4h_to_h",
              .head = "classifier_head"},
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
