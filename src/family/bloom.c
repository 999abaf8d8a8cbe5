/* Bloom and BLOOMZ: LayerNorm with bias, biases everywhere, a norm behind the embeddings, ALiBi for positions, an MLP
 * with gelu and no gate, and one fused module whose rows lie (q, k, v) head by head. Files leave the prefix out.
 * Reference: Transformers, models/bloom/modeling_bloom.py and configuration_bloom.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_bloom;

enum { MOST = 1 << 24 };

/* Files use either of two names. */
static assay_status read_size(const json_t *config, const char *key, const char *other, size_t most, size_t *out,
                              const char *where, assay_error *err)
{
    return assay_config_size(config, json_object_get(config, key) ? key : other, most, out, where, err);
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_size(config, "vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(read_size(config, "hidden_size", "n_embed", MOST, &out->hidden, where, err));
    ASSAY_TRY(read_size(config, "n_layer", "num_hidden_layers", ASSAY_MOST_LAYERS, &out->layers, where, err));
    ASSAY_TRY(read_size(config, "n_head", "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(assay_config_size_or(config, "seq_length", (size_t)1 << 30, 2048, &out->max_positions, where, err));
    ASSAY_TRY(assay_config_eps(config, "layer_norm_epsilon", 1e-5, out, where, err));
    ASSAY_TRY(
        assay_config_expect(config, "apply_residual_connection_post_layernorm", false, false, "Bloom", where, err));
    out->kv_heads = out->heads;
    out->head_dim = out->hidden / out->heads;
    out->ffn = 4 * out->hidden;
    out->positions = ASSAY_POSITIONS_ALIBI;
    out->norm = ASSAY_NORM_LAYER;
    out->qkv_layout = ASSAY_QKV_GROUPS;
    out->activation = ASSAY_GELU_TANH;
    out->norm_bias = out->qkv_bias = out->out_bias = out->mlp_bias = true;
    return assay_config_tokens(config, out, where, err);
}

static json_t *make_config(const assay_model_config *c)
{
    return json_pack("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:b, s:f, s:f, s:f, s:i, s:I, s:I, s:I}",
                     "model_type", "bloom", "architectures", "BloomForCausalLM", "vocab_size", (json_int_t)c->vocab,
                     "hidden_size", (json_int_t)c->hidden, "n_layer", (json_int_t)c->layers, "n_head",
                     (json_int_t)c->heads, "seq_length", (json_int_t)c->max_positions, "layer_norm_epsilon",
                     (double)c->eps, "apply_residual_connection_post_layernorm", 0, "tie_word_embeddings", 1,
                     "initializer_range", 0.02, "hidden_dropout", 0.0, "attention_dropout", 0.0, "pretraining_tp", 1,
                     "bos_token_id", (json_int_t)c->bos_token, "eos_token_id", (json_int_t)c->eos_token, "pad_token_id",
                     (json_int_t)c->pad_token);
}

static const assay_model_shape shapes[] = {{"bloom", true, 320, 64, 256, 2, 4, 4, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"vocab_size",
                                   "hidden_size",
                                   "n_embed",
                                   "n_layer",
                                   "num_hidden_layers",
                                   "n_head",
                                   "num_attention_heads",
                                   "seq_length",
                                   "layer_norm_epsilon",
                                   "apply_residual_connection_post_layernorm",
                                   NULL};

static const assay_module_names names = {.prefix = "transformer.",
                                         .embedding = "transformer.word_embeddings",
                                         .embedding_norm = "transformer.word_embeddings_layernorm",
                                         .input_norm = "transformer.h.%d.input_layernorm",
                                         .post_norm = "transformer.h.%d.post_attention_layernorm",
                                         .final_norm = "transformer.ln_f",
                                         .qkv = "transformer.h.%d.self_attention.query_key_value",
                                         .out = "transformer.h.%d.self_attention.dense",
                                         .up = "transformer.h.%d.mlp.dense_h_to_4h",
                                         .down = "transformer.h.%d.mlp.dense_4h_to_h",
                                         .head = "score",
                                         .language_head = "lm_head"};

static const assay_gguf_key gguf_keys[] = {{"embedding_length", "hidden_size", false, false},
                                           {"block_count", "n_layer", false, false},
                                           {"attention.head_count", "n_head", false, false},
                                           {"context_length", "seq_length", false, false},
                                           {"attention.layer_norm_epsilon", "layer_norm_epsilon", true, false},
                                           {NULL, NULL, false, false}};

static const assay_name_pair gguf_whole[] = {{"token_embd", "transformer.word_embeddings"},
                                             {"token_embd_norm", "transformer.word_embeddings_layernorm"},
                                             {"output_norm", "transformer.ln_f"},
                                             {"output", "lm_head"},
                                             {"cls.output", "score"},
                                             {NULL, NULL}};

static const assay_name_pair gguf_block[] = {{"attn_norm", "input_layernorm"},
                                             {"attn_qkv", "self_attention.query_key_value"},
                                             {"attn_output", "self_attention.dense"},
                                             {"ffn_norm", "post_attention_layernorm"},
                                             {"ffn_up", "mlp.dense_h_to_4h"},
                                             {"ffn_down", "mlp.dense_4h_to_h"},
                                             {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "bloom",
                                       .block = "transformer.h.",
                                       .whole = gguf_whole,
                                       .in_block = gguf_block,
                                       .keys = gguf_keys,
                                       .fixed = "{\"model_type\": \"bloom\"}",
                                       .vocab_key = "vocab_size",
                                       .grouped_qkv = true,
                                       .unrotated = true,
                                       .class_prefix = "Bloom",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_bloom = {
    .name = "bloom",
    .title = "Bloom, BLOOMZ",
    .base_class = "BloomForCausalLM",
    .sequence_class = "BloomForSequenceClassification",
    .token_head = "classifier",
    .names = &names,
    .eps_key = "layer_norm_epsilon",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .own_spelling = true,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
