/* ChatGLM2-6B and ChatGLM3-6B (and GLM-4's remote layout): one fused query-key-value module in blocks [q | k | v], one
 * fused gate-and-up module, rotary positions in adjacent pairs over the first half of each head. Reference:
 * modeling_chatglm.py of THUDM/chatglm2-6b and chatglm3-6b (in f32 the two are one). */
#include "family/chatglm.h"

#include <string.h>

enum { MOST = 1 << 24, VOCABULARY_OF_2_AND_3 = 65024 };

extern const assay_architecture assay_arch_chatglm;

static const char released[] = "ChatGLM2/3";

static assay_status check_variant(const json_t *config, const char *where, assay_error *err)
{
    ASSAY_TRY(assay_config_expect(config, "multi_query_attention", false, true, released, where, err));
    ASSAY_TRY(assay_config_expect(config, "rmsnorm", true, true, released, where, err));
    ASSAY_TRY(assay_config_expect(config, "post_layer_norm", true, true, released, where, err));
    ASSAY_TRY(assay_config_expect(config, "original_rope", true, true, released, where, err));
    return assay_config_expect(config, "apply_residual_connection_post_layernorm", false, false, released, where, err);
}

/* The first of its line has other keys, and is chatglm1.c's. */
static bool recognise(const json_t *config)
{
    return assay_config_is_type(config, "chatglm") && json_object_get(config, "multi_query_attention");
}

assay_status assay_chatglm_expect_plain(const json_t *config, const char *where, assay_error *err)
{
    int64_t prefix = 0, bits = 0;
    ASSAY_TRY(assay_json_int(config, "pre_seq_len", false, &prefix, where, err));
    ASSAY_TRY(assay_json_int(config, "quantization_bit", false, &bits, where, err));
    if (prefix == 0 && bits == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: %s is not supported; use the plain checkpoint", where,
                           prefix ? "P-tuning (pre_seq_len)" : "a quantised checkpoint (quantization_bit)");
}

/* ChatGLM2-6B-32k divides positions by rope_ratio, ChatGLM3-6B-32k and GLM-4 multiply the base by it; the two of the
 * same vocabulary have the same keys. Which it is, their code says (checkpoint_folder.c puts it into the config). */
static assay_status read_rope(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    double ratio = 1;
    bool divides = false, told = json_is_boolean(json_object_get(config, "rope_ratio_divides"));
    ASSAY_TRY(assay_json_double(config, "rope_ratio", false, &ratio, where, err));
    ASSAY_TRY(assay_json_bool(config, "rope_ratio_divides", false, &divides, where, err));
    if (!(ratio > 0)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"rope_ratio\" is %g", where, ratio);
    if (ratio != 1 && !told && out->vocab == VOCABULARY_OF_2_AND_3)
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "%s: \"rope_ratio\" is %g: ChatGLM2-6B-32k divides positions by it, ChatGLM3-6B-32k "
            "multiplies the rotary base, and only modeling_chatglm.py, which is not here, tells which; "
            "put it beside config.json, or add \"rope_ratio_divides\": true (ChatGLM2) or false",
            where, ratio);
    out->rope = (assay_rope_config){.base = divides ? 10000 : 10000 * ratio, .factor = 1};
    if (divides) {
        out->rope.scaling = ASSAY_ROPE_LINEAR;
        out->rope.factor = ratio;
    }
    return ASSAY_OK;
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    bool linear_bias = false;
    ASSAY_TRY(check_variant(config, where, err));
    ASSAY_TRY(assay_chatglm_expect_plain(config, where, err));
    ASSAY_TRY(assay_config_size(config, "padded_vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(assay_config_size(config, "hidden_size", MOST, &out->hidden, where, err));
    ASSAY_TRY(assay_config_size(config, "ffn_hidden_size", MOST, &out->ffn, where, err));
    ASSAY_TRY(assay_config_size(config, "num_layers", ASSAY_MOST_LAYERS, &out->layers, where, err));
    ASSAY_TRY(assay_config_size(config, "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "multi_query_group_num", 4096, 1, &out->kv_heads, where, err));
    ASSAY_TRY(assay_config_size(config, "kv_channels", 4096, &out->head_dim, where, err));
    ASSAY_TRY(assay_config_size_or(config, "seq_length", (size_t)1 << 30, 2048, &out->max_positions, where, err));
    ASSAY_TRY(assay_config_eps(config, "layernorm_epsilon", 1e-5, out, where, err));
    ASSAY_TRY(read_rope(config, where, out, err));
    ASSAY_TRY(assay_json_bool(config, "add_bias_linear", false, &linear_bias, where, err));
    ASSAY_TRY(assay_json_bool(config, "add_qkv_bias", false, &out->qkv_bias, where, err));
    out->qkv_bias = out->qkv_bias || linear_bias;
    out->out_bias = out->mlp_bias = linear_bias;
    out->head_bias = true;
    out->rotary = out->head_dim / 2;
    out->adjacent = true;
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

static const assay_model_shape shapes[] = {
    {"chatglm2", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"chatglm3", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"chatglm2-6b", false, 65024, 4096, 13696, 28, 32, 2, 128, 32768, 1e-5, 10000, 0},
    {"chatglm3-6b", false, 65024, 4096, 13696, 28, 32, 2, 128, 8192, 1e-5, 10000, 0},
    {0},
};

static const char *const keys[] = {"vocab_size",
                                   "hidden_size",
                                   "num_attention_heads",
                                   "num_hidden_layers",
                                   "prefix_projection",
                                   "multi_query_attention",
                                   "rmsnorm",
                                   "post_layer_norm",
                                   "original_rope",
                                   "apply_residual_connection_post_layernorm",
                                   "pre_seq_len",
                                   "quantization_bit",
                                   "padded_vocab_size",
                                   "ffn_hidden_size",
                                   "num_layers",
                                   "multi_query_group_num",
                                   "kv_channels",
                                   "seq_length",
                                   "layernorm_epsilon",
                                   "rope_ratio",
                                   "rope_ratio_divides",
                                   "add_bias_linear",
                                   "add_qkv_bias",
                                   NULL};

static const assay_module_names names = {.prefix = "transformer.",
                                         .embedding = "transformer.embedding.word_embeddings",
                                         .input_norm = "transformer.encoder.layers.%d.input_layernorm",
                                         .post_norm = "transformer.encoder.layers.%d.post_attention_layernorm",
                                         .final_norm = "transformer.encoder.final_layernorm",
                                         .qkv = "transformer.encoder.layers.%d.self_attention.query_key_value",
                                         .out = "transformer.encoder.layers.%d.self_attention.dense",
                                         .gate_up = "transformer.encoder.layers.%d.mlp.dense_h_to_4h",
                                         .down = "transformer.encoder.layers.%d.mlp.dense_4h_to_h",
                                         .head = "classifier_head",
                                         .language_head = "transformer.output_layer"};

/* The converter wrote rope.freq_base = 10000 * rope_ratio. */
static const assay_gguf_key gguf_keys[] = {{"embedding_length", "hidden_size", false, false},
                                           {"feed_forward_length", "ffn_hidden_size", false, false},
                                           {"block_count", "num_layers", false, false},
                                           {"attention.head_count", "num_attention_heads", false, false},
                                           {"context_length", "seq_length", false, false},
                                           {"attention.head_count_kv", "multi_query_group_num", false, false},
                                           {"attention.layer_norm_rms_epsilon", "layernorm_epsilon", true, false},
                                           {NULL, NULL, false, false}};

static const assay_name_pair gguf_whole[] = {{"token_embd", "transformer.embedding.word_embeddings"},
                                             {"output_norm", "transformer.encoder.final_layernorm"},
                                             {"output", "transformer.output_layer"},
                                             {"cls.output", "classifier_head"},
                                             {NULL, NULL}};

static const assay_name_pair gguf_block[] = {{"attn_norm", "input_layernorm"},
                                             {"attn_qkv", "self_attention.query_key_value"},
                                             {"attn_output", "self_attention.dense"},
                                             {"ffn_norm", "post_attention_layernorm"},
                                             {"ffn_up", "mlp.dense_h_to_4h"},
                                             {"ffn_down", "mlp.dense_4h_to_h"},
                                             {NULL, NULL}};

static const assay_name_pair gguf_switches[] = {{"blk.0.attn_qkv.bias", "add_qkv_bias"}, {NULL, NULL}};

static const assay_gguf_family gguf = {
    .name = "chatglm",
    .block = "transformer.encoder.layers.",
    .whole = gguf_whole,
    .in_block = gguf_block,
    .keys = gguf_keys,
    .fixed = "{\"model_type\": \"chatglm\", \"rmsnorm\": true, \"post_layer_norm\": true, "
             "\"multi_query_attention\": true, \"original_rope\": true, \"add_bias_linear\": false, "
             "\"apply_residual_connection_post_layernorm\": false}",
    .switches = gguf_switches,
    .vocab_key = "padded_vocab_size",
    .head_dim_key = "kv_channels",
    .head_dim_always = true,
    .ratio = 0.5,
    .theta_key = "rope_ratio",
    .theta_unit = 10000,
    .class_prefix = "ChatGLM",
    .base_class = "Model"};

const assay_architecture assay_arch_chatglm = {
    .name = "chatglm",
    .title = "ChatGLM2-6B, ChatGLM3-6B",
    .base_class = "ChatGLMModel",
    .sequence_class = "ChatGLMForSequenceClassification",
    .pooling = ASSAY_POOL_LAST,
    .names = &names,
    .peft_task_type_null = true,
    .keeps_language_head = true,
    .frequencies = "transformer.rotary_pos_emb.inv_freq",
    .native = "glm",
    .eps_key = "layernorm_epsilon",
    .template_hint = "chatglm2, chatglm3",
    .shapes = shapes,
    .gguf = &gguf,
    .own_spelling = true,
    .keys = keys,
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
