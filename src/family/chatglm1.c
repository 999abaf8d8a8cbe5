/* ChatGLM-6B, the first of its line: what stands before <sop> is read both ways, positions have two axes, each turning
 * one half of a head; LayerNorm, biases everywhere, an MLP with gelu and no gate. The residual is the norm's output
 * times sqrt(2 * 28), whatever the number of layers: its own code never passes that on. Frequencies are kept in half
 * precision there. There is no class for sequence classification, so the head is written beside the base model.
 * Reference: modeling_chatglm.py and configuration_chatglm.py of THUDM/chatglm-6b (the files with a vocabulary of
 * 130528; the first release counted positions otherwise). */
#include "family/chatglm.h"

#include <math.h>

extern const assay_architecture assay_arch_chatglm1;

enum { MOST = 1 << 24, LAYERS_OF_THE_RESIDUAL = 28, CLASS_FFN = 16384, FIRST_VOCABULARY = 150528 };

static bool recognise(const json_t *config)
{
    return assay_config_is_type(config, "chatglm") && !json_object_get(config, "multi_query_attention");
}

static assay_status read_id(const json_t *config, const char *key, int32_t *out, const char *where, assay_error *err)
{
    int64_t id = -1;
    ASSAY_TRY(assay_json_int(config, key, true, &id, where, err));
    if (id < 0 || id > INT32_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" is %lld", where, key, (long long)id);
    *out = (int32_t)id;
    return ASSAY_OK;
}

static assay_status read_prefix(const json_t *config, assay_model_config *out, const char *where, assay_error *err)
{
    if (out->vocab == FIRST_VOCABULARY)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: the first release of ChatGLM-6B (a vocabulary of %d, image tokens among it) counts "
                               "positions otherwise; take the present files of THUDM/chatglm-6b",
                               where, FIRST_VOCABULARY);
    out->prefix.on = true;
    ASSAY_TRY(read_id(config, "bos_token_id", &out->prefix.end, where, err));
    ASSAY_TRY(read_id(config, "gmask_token_id", &out->prefix.mark[0], where, err));
    return read_id(config, "mask_token_id", &out->prefix.mark[1], where, err);
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_chatglm_expect_plain(config, where, err));
    ASSAY_TRY(assay_config_expect(config, "position_encoding_2d", true, true, "ChatGLM-6B", where, err));
    ASSAY_TRY(assay_config_size(config, "vocab_size", MOST, &out->vocab, where, err));
    ASSAY_TRY(assay_config_size(config, "hidden_size", MOST, &out->hidden, where, err));
    ASSAY_TRY(assay_config_size_or(config, "inner_hidden_size", MOST, CLASS_FFN, &out->ffn, where, err));
    ASSAY_TRY(assay_config_size(config, "num_layers", ASSAY_MOST_LAYERS, &out->layers, where, err));
    ASSAY_TRY(assay_config_size(config, "num_attention_heads", 4096, &out->heads, where, err));
    ASSAY_TRY(
        assay_config_size_or(config, "max_sequence_length", (size_t)1 << 30, 2048, &out->max_positions, where, err));
    ASSAY_TRY(assay_config_eps(config, "layernorm_epsilon", 1e-5, out, where, err));
    ASSAY_TRY(read_prefix(config, out, where, err));
    out->kv_heads = out->heads;
    out->head_dim = out->hidden / out->heads;
    out->rotary = out->head_dim / 2;
    out->position_axes = 2;
    out->rope = (assay_rope_config){.base = 10000, .factor = 1, .half = true};
    out->norm = ASSAY_NORM_LAYER;
    out->qkv_layout = ASSAY_QKV_GROUPS;
    out->activation = ASSAY_GELU_TANH;
    out->normed_residual = sqrtf(2.0f * (float)LAYERS_OF_THE_RESIDUAL);
    out->norm_bias = out->qkv_bias = out->out_bias = out->mlp_bias = true;
    return assay_config_tokens(config, out, where, err);
}

/* The tokenizer of `init` has no [gMASK] and <sop>: the start and the end of its turns, two neighbouring ids, stand for
 * them, so that every conversation has a prefix. */
static json_t *make_config(const assay_model_config *c)
{
    json_int_t sop = c->eos_token > 1 ? (json_int_t)c->eos_token : (json_int_t)c->vocab - 1, gmask = sop - 1;
    return json_pack("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:b}", "model_type",
                     "chatglm", "architectures", "ChatGLMModel", "vocab_size", (json_int_t)c->vocab, "hidden_size",
                     (json_int_t)c->hidden, "inner_hidden_size", (json_int_t)c->ffn, "num_layers",
                     (json_int_t)c->layers, "num_attention_heads", (json_int_t)c->heads, "max_sequence_length",
                     (json_int_t)c->max_positions, "layernorm_epsilon", (double)c->eps, "position_encoding_2d", 1,
                     "bos_token_id", sop, "gmask_token_id", gmask, "mask_token_id", sop - 2, "eos_token_id",
                     (json_int_t)c->eos_token, "pad_token_id", (json_int_t)c->pad_token, "use_cache", 1);
}

static const assay_model_shape shapes[] = {
    {"chatglm1", true, 320, 64, 256, 2, 4, 4, 16, 2048, 1e-5, 10000, 0},
    {"chatglm", true, 320, 64, 256, 2, 4, 4, 16, 2048, 1e-5, 10000, 0}, /* its model_type; the same by another name */
    {"chatglm-6b", false, 130528, 4096, 16384, 28, 32, 32, 128, 2048, 1e-5, 10000, 0},
    {0},
};

static const char *const keys[] = {"vocab_size",        "hidden_size",          "inner_hidden_size",
                                   "num_layers",        "num_attention_heads",  "max_sequence_length",
                                   "layernorm_epsilon", "position_encoding_2d", "pre_seq_len",
                                   "prefix_projection", "quantization_bit",     NULL};

static const assay_module_names names = {.prefix = "transformer.",
                                         .embedding = "transformer.word_embeddings",
                                         .input_norm = "transformer.layers.%d.input_layernorm",
                                         .post_norm = "transformer.layers.%d.post_attention_layernorm",
                                         .final_norm = "transformer.final_layernorm",
                                         .qkv = "transformer.layers.%d.attention.query_key_value",
                                         .out = "transformer.layers.%d.attention.dense",
                                         .up = "transformer.layers.%d.mlp.dense_h_to_4h",
                                         .down = "transformer.layers.%d.mlp.dense_4h_to_h",
                                         .head = "score",
                                         .language_head = "lm_head"};

const assay_architecture assay_arch_chatglm1 = {
    .name = "chatglm1",
    .title = "ChatGLM-6B",
    .base_class = "ChatGLMModel",
    .names = &names,
    .own_layer = "chatglm1",
    .eps_key = "layernorm_epsilon",
    .template_hint = "chatglm",
    .shapes = shapes,
    .own_spelling = true,
    .keys = keys,
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
