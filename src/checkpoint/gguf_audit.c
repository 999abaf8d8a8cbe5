/* GGUF metadata that says how a model computes: every number, switch and array under the architecture's name is read by
 * its family, or on a short list of what changes no score, or must have the value at which it changes nothing. A key
 * that llama.cpp adds tomorrow is refused by name, not passed over. Keys: gguf-py/gguf/constants.py, class Keys. */
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"

#include <string.h>

/* Sizes that the tensors have or the config's reader takes, logits of the language head, names, how text is pooled to
 * an embedding. Epsilons: a family has one norm, and need not say the other's. */
static const char *const harmless[] = {"vocab_size",
                                       "embedding_length",
                                       "block_count",
                                       "feed_forward_length",
                                       "context_length",
                                       "attention.head_count",
                                       "attention.head_count_kv",
                                       "attention.key_length",
                                       "attention.layer_norm_epsilon",
                                       "attention.layer_norm_rms_epsilon",
                                       "rope.dimension_count",
                                       "rope.freq_base",
                                       "rope.scaling.factor",
                                       "rope.scaling.original_context_length",
                                       "rope.scaling.finetuned",
                                       "final_logit_softcapping",
                                       "logit_scale",
                                       "pooling_type",
                                       "decoder_start_token_id",
                                       "classifier.output_labels",
                                       NULL};

static bool is_read(const assay_gguf_key *list, const char *key)
{
    for (; list && list->gguf; list++)
        if (!strcmp(list->gguf, key)) return true;
    return false;
}

static bool is_neutral(const char *key, double value, double head_size)
{
    if (!strcmp(key, "attention.causal")) return value != 0;
    if (!strcmp(key, "attention.value_length")) return value == head_size;
    return value == 0 || (value == 1 && strstr(key, "scal"));
}

static assay_status check(const assay_gguf *gguf, const char *full, const char *key, double head_size,
                          const char *family, const char *path, assay_error *err)
{
    double value = 0;
    size_t count = 0;
    if (assay_gguf_array_size(gguf, full, &count) && count > 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: the metadata %s has %zu values, which is not supported in architecture %s", path,
                               full, count, family);
    if (!assay_gguf_double(gguf, full, &value) || is_neutral(key, value, head_size)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: the metadata %s is %g, which is not supported in architecture %s", path, full, value,
                           family);
}

assay_status assay_gguf_audit(const assay_gguf *gguf, const assay_gguf_family *family, int64_t head_size,
                              const char *path, assay_error *err)
{
    size_t length = strlen(family->name);
    const char *full;
    for (size_t i = 0; (full = assay_gguf_key_at(gguf, i)); i++) {
        const char *key = full + length + 1;
        if (strncmp(full, family->name, length) != 0 || full[length] != '.') continue;
        bool no_rotation = family->unrotated && !strncmp(key, "rope.", 5);
        if (assay_text_listed(harmless, key) && !no_rotation) continue;
        if (is_read(family->keys, key) || is_read(family->own_keys, key)) continue;
        ASSAY_TRY(check(gguf, full, key, (double)head_size, family->name, path, err));
    }
    return ASSAY_OK;
}
