/* Hugging Face's config.json out of GGUF metadata (keys: llama.cpp, gguf-py/gguf/constants.py, class Keys).
 *
 * What the metadata says in numbers is copied; what it says by presence is read off the tensors: no output.weight means
 * tied embeddings, a bias on q means attention_bias, cls.output means a reward or classification head. Llama 3's rope
 * scaling is not in the metadata at all but as a tensor of divisors, rope_freqs; its one free number is recovered (the
 * largest divisor) and the whole tensor recomputed from it, so that a scaling of another make is refused instead of
 * mistaken. */
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct config_maker {
    const assay_checkpoint *checkpoint;
    const assay_gguf *gguf;
    const char *architecture;
    json_t *config;
} config_maker;

static const char *full_key(const config_maker *maker, const char *key, char *text, size_t size)
{
    snprintf(text, size, "%s.%s", maker->architecture, key);
    return text;
}

static assay_status put(config_maker *maker, const char *key, json_t *value, assay_error *err)
{
    if (json_object_set_new(maker->config, key, value) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}

static bool get_int(const config_maker *maker, const char *key, int64_t *out)
{
    char text[128];
    return assay_gguf_int(maker->gguf, full_key(maker, key, text, sizeof text), out);
}

static assay_status need_int(const config_maker *maker, const char *key, int64_t *out, assay_error *err)
{
    if (get_int(maker, key, out) && *out > 0 && *out <= INT32_MAX) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the metadata %s.%s should be a positive whole number",
                           maker->checkpoint->path, maker->architecture, key);
}

static assay_status need_double(const config_maker *maker, const char *key, double *out, assay_error *err)
{
    char text[128];
    if (assay_gguf_double(maker->gguf, full_key(maker, key, text, sizeof text), out) && isfinite(*out) && *out >= 0)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the metadata %s should be a number", maker->checkpoint->path,
                           text);
}

/* f32 in the file: 1e-5 comes as 9.99999974738e-06. The shortest decimal that is the same f32 is what the config
 * had. */
static double shortest(double value)
{
    char text[40];
    for (int digits = 1; digits < 10; digits++) {
        assay_text_format(text, sizeof text, "%.*g", digits, value);
        double candidate = assay_text_real(text, NULL);
        if ((float)candidate == (float)value) return candidate;
    }
    return value;
}

static const assay_tensor *tensor(const config_maker *maker, const char *name)
{
    return assay_tensor_file_find(assay_gguf_tensors(maker->gguf), name);
}

static assay_status copy_ints(config_maker *maker, const char *const (*pairs)[2], assay_error *err)
{
    for (; (*pairs)[0]; pairs++) {
        int64_t value = 0;
        ASSAY_TRY(need_int(maker, (*pairs)[0], &value, err));
        ASSAY_TRY(put(maker, (*pairs)[1], json_integer(value), err));
    }
    return ASSAY_OK;
}

static assay_status put_token(config_maker *maker, const char *gguf_key, const char *key, assay_error *err)
{
    int64_t id;
    return assay_gguf_int(maker->gguf, gguf_key, &id) ? put(maker, key, json_integer(id), err) : ASSAY_OK;
}

static assay_status put_tokens(config_maker *maker, assay_error *err)
{
    ASSAY_TRY(put_token(maker, "tokenizer.ggml.bos_token_id", "bos_token_id", err));
    ASSAY_TRY(put_token(maker, "tokenizer.ggml.eos_token_id", "eos_token_id", err));
    return put_token(maker, "tokenizer.ggml.padding_token_id", "pad_token_id", err);
}

/* Rows of the embedding; a vocabulary file has no tensors, then the number of its tokens. */
static assay_status put_vocabulary(config_maker *maker, const char *key, assay_error *err)
{
    const assay_tensor *embedding = tensor(maker, "token_embd.weight");
    size_t rows = 0;
    if (embedding && embedding->rank == 2) rows = embedding->shape[0];
    else if (embedding || !assay_gguf_array_size(maker->gguf, "tokenizer.ggml.tokens", &rows))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: no token_embd.weight with two dimensions",
                               maker->checkpoint->path);
    return put(maker, key, json_integer((json_int_t)rows), err);
}

static assay_status put_head(config_maker *maker, const char *family, const char *plain, assay_error *err)
{
    const assay_tensor *head = tensor(maker, "cls.output.weight");
    json_t *labels = json_object();
    if (head)
        for (size_t i = 0; i < head->shape[0] && i < 1024; i++) {
            char key[24], label[32];
            snprintf(key, sizeof key, "%zu", i);
            snprintf(label, sizeof label, "LABEL_%zu", i);
            json_object_set_new(labels, key, json_string(label));
        }
    char name[64];
    snprintf(name, sizeof name, "%s%s", family, head ? "ForSequenceClassification" : plain);
    assay_status status = head ? put(maker, "id2label", json_incref(labels), err) : ASSAY_OK;
    json_decref(labels);
    ASSAY_TRY(status);
    return put(maker, "architectures", json_pack("[s]", name), err);
}

static bool explains_divisors(const assay_tensor *freqs, double theta, double factor)
{
    const double pi = 3.14159265358979323846, low = 1, high = 4, original = 8192;
    size_t count = freqs->shape[0];
    for (size_t i = 0; i < count; i++) {
        float stored;
        memcpy(&stored, (const uint8_t *)freqs->data + 4 * i, 4);
        double wave = 2 * pi * pow(theta, (double)i / (double)count), smooth = (original / wave - low) / (high - low);
        double expected = wave < original / high  ? 1
                          : wave > original / low ? factor
                                                  : 1 / ((1 - smooth) / factor + smooth);
        if (!(fabs((double)stored - expected) <= 1e-4 * expected)) return false;
    }
    return true;
}

static assay_status put_llama3_scaling(config_maker *maker, const assay_tensor *freqs, double theta, assay_error *err)
{
    double factor = 0;
    bool plain = freqs->dtype == ASSAY_F32 && freqs->rank == 1;
    for (size_t i = 0; plain && i < freqs->shape[0]; i++) {
        float stored;
        memcpy(&stored, (const uint8_t *)freqs->data + 4 * i, 4);
        factor = fmax(factor, (double)stored);
    }
    if (!plain || !explains_divisors(freqs, theta, factor))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: rope_freqs.weight is not Llama 3's rope scaling",
                               maker->checkpoint->path);
    return put(maker, "rope_scaling",
               json_pack("{s:s,s:f,s:f,s:f,s:i}", "rope_type", "llama3", "factor", factor, "low_freq_factor", 1.0,
                         "high_freq_factor", 4.0, "original_max_position_embeddings", 8192),
               err);
}

static assay_status put_rope_scaling(config_maker *maker, double theta, assay_error *err)
{
    char key[128];
    const char *type = "none";
    double factor = 1;
    int64_t original;
    const assay_tensor *freqs = tensor(maker, "rope_freqs.weight");
    if (freqs) return put_llama3_scaling(maker, freqs, theta, err);
    if (!assay_gguf_string(maker->gguf, full_key(maker, "rope.scaling.type", key, sizeof key), &type, NULL) ||
        !strcmp(type, "none"))
        return ASSAY_OK;
    ASSAY_TRY(need_double(maker, "rope.scaling.factor", &factor, err));
    json_t *scaling = json_pack("{s:s,s:f}", "rope_type", type, "factor", shortest(factor));
    if (get_int(maker, "rope.scaling.original_context_length", &original))
        json_object_set_new(scaling, "original_max_position_embeddings", json_integer(original));
    return put(maker, "rope_scaling", scaling, err);
}

/* What the file may say that the block recipe has no place for. */
static assay_status refuse_variants(const config_maker *maker, int64_t head_size, assay_error *err)
{
    int64_t value = 0;
    if (get_int(maker, "expert_count", &value) && value > 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: a mixture of %lld experts", maker->checkpoint->path,
                               (long long)value);
    if (get_int(maker, "rope.dimension_count", &value) && value != head_size)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: rotates %lld of %lld dimensions of a head",
                               maker->checkpoint->path, (long long)value, (long long)head_size);
    return ASSAY_OK;
}

static assay_status make_llama(config_maker *maker, bool qwen, assay_error *err)
{
    static const char *const ints[][2] = {
        {"embedding_length", "hidden_size"},           {"feed_forward_length", "intermediate_size"},
        {"block_count", "num_hidden_layers"},          {"attention.head_count", "num_attention_heads"},
        {"context_length", "max_position_embeddings"}, {NULL, NULL}};
    int64_t heads = 0, kv_heads = 0, hidden = 0, head_size = 0;
    double eps = 0, theta = 10000;
    char key[128];
    ASSAY_TRY(copy_ints(maker, ints, err));
    ASSAY_TRY(need_int(maker, "attention.head_count", &heads, err));
    ASSAY_TRY(need_int(maker, "embedding_length", &hidden, err));
    kv_heads = heads;
    if (get_int(maker, "attention.head_count_kv", &kv_heads))
        ASSAY_TRY(need_int(maker, "attention.head_count_kv", &kv_heads, err));
    head_size = hidden / heads;
    if (get_int(maker, "attention.key_length", &head_size))
        ASSAY_TRY(put(maker, "head_dim", json_integer(head_size), err));
    ASSAY_TRY(refuse_variants(maker, head_size, err));
    ASSAY_TRY(need_double(maker, "attention.layer_norm_rms_epsilon", &eps, err));
    if (assay_gguf_double(maker->gguf, full_key(maker, "rope.freq_base", key, sizeof key), &theta))
        theta = shortest(theta);
    ASSAY_TRY(put(maker, "model_type", json_string(qwen ? "qwen2" : "llama"), err));
    ASSAY_TRY(put(maker, "num_key_value_heads", json_integer(kv_heads), err));
    ASSAY_TRY(put(maker, "rms_norm_eps", json_real(shortest(eps)), err));
    ASSAY_TRY(put(maker, "rope_theta", json_real(theta), err));
    ASSAY_TRY(put(maker, "hidden_act", json_string("silu"), err));
    ASSAY_TRY(put(maker, "tie_word_embeddings", json_boolean(!tensor(maker, "output.weight")), err));
    if (!qwen) ASSAY_TRY(put(maker, "attention_bias", json_boolean(tensor(maker, "blk.0.attn_q.bias") != NULL), err));
    ASSAY_TRY(put_vocabulary(maker, "vocab_size", err));
    ASSAY_TRY(put_rope_scaling(maker, theta, err));
    return put_head(maker, qwen ? "Qwen2" : "Llama", "ForCausalLM", err);
}

/* ChatGLM2, ChatGLM3 and GLM-4 in the words of their own code. The converter wrote rope.freq_base = 10000 *
 * rope_ratio. */
static assay_status make_glm(config_maker *maker, assay_error *err)
{
    static const char *const ints[][2] = {{"embedding_length", "hidden_size"},
                                          {"feed_forward_length", "ffn_hidden_size"},
                                          {"block_count", "num_layers"},
                                          {"attention.head_count", "num_attention_heads"},
                                          {"context_length", "seq_length"},
                                          {"attention.head_count_kv", "multi_query_group_num"},
                                          {NULL, NULL}};
    static const char *const yes[] = {"rmsnorm", "post_layer_norm", "multi_query_attention", "original_rope", NULL};
    static const char *const no[] = {"add_bias_linear", "apply_residual_connection_post_layernorm", NULL};
    int64_t heads = 0, hidden = 0, head_size = 0, rotated = 0;
    double eps = 0, theta = 10000;
    char key[128];
    ASSAY_TRY(copy_ints(maker, ints, err));
    ASSAY_TRY(need_int(maker, "attention.head_count", &heads, err));
    ASSAY_TRY(need_int(maker, "embedding_length", &hidden, err));
    head_size = hidden / heads;
    get_int(maker, "attention.key_length", &head_size);
    if (get_int(maker, "rope.dimension_count", &rotated) && 2 * rotated != head_size)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: rotates %lld of %lld dimensions of a head; ChatGLM rotates half",
                               maker->checkpoint->path, (long long)rotated, (long long)head_size);
    ASSAY_TRY(need_double(maker, "attention.layer_norm_rms_epsilon", &eps, err));
    assay_gguf_double(maker->gguf, full_key(maker, "rope.freq_base", key, sizeof key), &theta);
    for (size_t i = 0; yes[i]; i++) ASSAY_TRY(put(maker, yes[i], json_true(), err));
    for (size_t i = 0; no[i]; i++) ASSAY_TRY(put(maker, no[i], json_false(), err));
    ASSAY_TRY(put(maker, "model_type", json_string("chatglm"), err));
    ASSAY_TRY(put(maker, "kv_channels", json_integer(head_size), err));
    ASSAY_TRY(put(maker, "layernorm_epsilon", json_real(shortest(eps)), err));
    ASSAY_TRY(put(maker, "rope_ratio", json_real(shortest(theta) / 10000), err));
    ASSAY_TRY(put(maker, "add_qkv_bias", json_boolean(tensor(maker, "blk.0.attn_qkv.bias") != NULL), err));
    ASSAY_TRY(put(maker, "tie_word_embeddings", json_boolean(!tensor(maker, "output.weight")), err));
    ASSAY_TRY(put_vocabulary(maker, "padded_vocab_size", err));
    return put_head(maker, "ChatGLM", "Model", err);
}

assay_status assay_checkpoint_gguf_config(assay_checkpoint *checkpoint, const char *architecture, assay_error *err)
{
    config_maker maker = {checkpoint, checkpoint->gguf, architecture, json_object()};
    ASSAY_TRY_ALLOC(maker.config, "a config", err);
    checkpoint->config = maker.config;
    ASSAY_TRY(put_tokens(&maker, err));
    return !strcmp(architecture, "chatglm") ? make_glm(&maker, err)
                                            : make_llama(&maker, !strcmp(architecture, "qwen2"), err);
}
