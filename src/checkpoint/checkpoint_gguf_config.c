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
    const assay_gguf_family *family;
    json_t *config;
} config_maker;

static const char *full_key(const config_maker *maker, const char *key, char *text, size_t size)
{
    snprintf(text, size, "%s.%s", maker->family->name, key);
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
                           maker->checkpoint->path, maker->family->name, key);
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

/* f32 numbers in the shortest decimals. */
static assay_status copy_list(config_maker *maker, const assay_gguf_key *key, assay_error *err)
{
    char text[128];
    for (; key && key->gguf; key++) {
        int64_t whole = 0;
        double real = 0;
        bool there = key->real ? assay_gguf_double(maker->gguf, full_key(maker, key->gguf, text, sizeof text), &real)
                               : get_int(maker, key->gguf, &whole);
        if (key->optional && !there) continue;
        if (key->real) ASSAY_TRY(need_double(maker, key->gguf, &real, err));
        else ASSAY_TRY(need_int(maker, key->gguf, &whole, err));
        ASSAY_TRY(put(maker, key->hf, key->real ? json_real(shortest(real)) : json_integer(whole), err));
    }
    return ASSAY_OK;
}

static assay_status copy_keys(config_maker *maker, assay_error *err)
{
    ASSAY_TRY(copy_list(maker, maker->family->keys, err));
    return copy_list(maker, maker->family->own_keys, err);
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

static assay_status put_head(config_maker *maker, assay_error *err)
{
    const assay_gguf_family *family = maker->family;
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
    snprintf(name, sizeof name, "%s%s", family->class_prefix, head ? "ForSequenceClassification" : family->base_class);
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
    const char *type = NULL;
    double factor = 1;
    int64_t original;
    const assay_tensor *freqs = tensor(maker, "rope_freqs.weight");
    bool told = assay_gguf_string(maker->gguf, full_key(maker, "rope.scaling.type", key, sizeof key), &type, NULL);
    assay_gguf_double(maker->gguf, full_key(maker, "rope.scaling.factor", key, sizeof key), &factor);
    bool none = told ? !strcmp(type, "none") : factor == 0 || factor == 1;
    if (freqs && none) return put_llama3_scaling(maker, freqs, theta, err);
    if (freqs)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the metadata %s is %g beside rope_freqs.weight",
                               maker->checkpoint->path, key, factor);
    if (none) return ASSAY_OK;
    if (!told) type = "linear"; /* llama.cpp's own default for a factor that stands alone */
    ASSAY_TRY(need_double(maker, "rope.scaling.factor", &factor, err));
    json_t *scaling = json_pack("{s:s,s:f}", "rope_type", type, "factor", shortest(factor));
    if (get_int(maker, "rope.scaling.original_context_length", &original))
        json_object_set_new(scaling, "original_max_position_embeddings", json_integer(original));
    return put(maker, "rope_scaling", scaling, err);
}

/* The rotated part of a head, which families have as they are or as the file says. */
static assay_status put_rotation(config_maker *maker, int64_t head_size, assay_error *err)
{
    const assay_gguf_family *family = maker->family;
    double whole = family->ratio > 0 ? family->ratio : 1, theta = 10000, unit = family->theta_unit;
    int64_t rotated = (int64_t)(whole * (double)head_size);
    char key[128];
    if (family->unrotated) return ASSAY_OK;
    bool said = get_int(maker, "rope.dimension_count", &rotated);
    if (family->ratio_key)
        ASSAY_TRY(put(maker, family->ratio_key, json_real((double)rotated / (double)head_size), err));
    else if (said && (double)rotated != whole * (double)head_size)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: rotates %lld of %lld dimensions of a head; %s rotates %g",
                               maker->checkpoint->path, (long long)rotated, (long long)head_size, family->class_prefix,
                               whole * (double)head_size);
    if (assay_gguf_double(maker->gguf, full_key(maker, "rope.freq_base", key, sizeof key), &theta))
        theta = shortest(theta);
    ASSAY_TRY(put(maker, family->theta_key ? family->theta_key : "rope_theta",
                  json_real(unit > 0 ? theta / unit : theta), err));
    return put_rope_scaling(maker, theta, err);
}

static assay_status put_heads(config_maker *maker, int64_t *head_size, assay_error *err)
{
    const assay_gguf_family *family = maker->family;
    int64_t heads = 0, hidden = 0, kv_heads = 0;
    ASSAY_TRY(need_int(maker, "attention.head_count", &heads, err));
    ASSAY_TRY(need_int(maker, "embedding_length", &hidden, err));
    kv_heads = heads;
    if (get_int(maker, "attention.head_count_kv", &kv_heads))
        ASSAY_TRY(need_int(maker, "attention.head_count_kv", &kv_heads, err));
    *head_size = hidden / heads;
    bool said = get_int(maker, "attention.key_length", head_size);
    if (*head_size < 1)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: heads of %lld columns", maker->checkpoint->path,
                               (long long)*head_size);
    if (family->head_dim_key && (said || family->head_dim_always))
        ASSAY_TRY(put(maker, family->head_dim_key, json_integer(*head_size), err));
    return family->kv_heads_key ? put(maker, family->kv_heads_key, json_integer(kv_heads), err) : ASSAY_OK;
}

static assay_status put_fixed(config_maker *maker, assay_error *err)
{
    json_t *fixed = assay_json_value(maker->family->fixed);
    if (!fixed || json_object_update(maker->config, fixed) != 0) {
        json_decref(fixed);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
    }
    json_decref(fixed);
    for (const assay_name_pair *s = maker->family->switches; s && s->gguf; s++)
        ASSAY_TRY(put(maker, s->hf, json_boolean(tensor(maker, s->gguf) != NULL), err));
    return ASSAY_OK;
}

assay_status assay_checkpoint_gguf_config(assay_checkpoint *checkpoint, const assay_gguf_family *family,
                                          assay_error *err)
{
    config_maker maker = {checkpoint, checkpoint->gguf, family, json_object()};
    int64_t head_size = 0;
    ASSAY_TRY_ALLOC(maker.config, "a config", err);
    checkpoint->config = maker.config;
    ASSAY_TRY(put_tokens(&maker, err));
    ASSAY_TRY(copy_keys(&maker, err));
    ASSAY_TRY(put_heads(&maker, &head_size, err));
    ASSAY_TRY(assay_gguf_audit(maker.gguf, family, head_size, checkpoint->path, err));
    ASSAY_TRY(put_rotation(&maker, head_size, err));
    ASSAY_TRY(put_fixed(&maker, err));
    ASSAY_TRY(put(&maker, "tie_word_embeddings", json_boolean(!tensor(&maker, "output.weight")), err));
    ASSAY_TRY(put_vocabulary(&maker, family->vocab_key, err));
    ASSAY_TRY(put_head(&maker, err));
    assay_status status = family->complete ? family->complete(checkpoint->config, err) : ASSAY_OK;
    return status == ASSAY_OK ? status : assay_error_prefix(err, status, "%s: ", checkpoint->path);
}
