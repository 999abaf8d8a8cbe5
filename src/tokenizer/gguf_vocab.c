/* The vocabulary inside a GGUF file.
 *
 * "llama": SentencePiece pieces with scores and types. "gpt2": byte-level BPE; the file names its pre-tokenizer only by
 * a word (gguf_pre.c). "gemma4": merges too, over SentencePiece's letters. "bert" and "t5": WordPiece and Unigram, put
 * into tokenizer.json's terms first (gguf_document.c). Types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused,
 * 6 byte. Keys: github.com/ggml-org/ggml, docs/gguf.md.
 */
#include "base/text.h"
#include "subword/bpe_model.h"
#include "text/unicode.h"
#include "tokenizer/gguf_document.h"
#include "tokenizer/gguf_pre.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/sp_tokenizer.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

static bool flag_get(const assay_gguf *gguf, const char *key, bool otherwise)
{
    int64_t value;
    return assay_gguf_int(gguf, key, &value) ? value != 0 : otherwise;
}

static int32_t id_get(const assay_gguf *gguf, const char *key, size_t count, int32_t otherwise)
{
    int64_t value;
    if (!assay_gguf_int(gguf, key, &value)) return otherwise;
    return value >= 0 && (uint64_t)value < count ? (int32_t)value : -1;
}

static assay_status missing(const char *key, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "the GGUF file has no %s (or one of another type or length)", key);
}

static assay_status token_get(const assay_gguf *gguf, size_t index, const char **text, size_t *size, int *type,
                              assay_error *err)
{
    int64_t value = ASSAY_SP_NORMAL;
    if (!assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", index, text, size))
        return missing("tokenizer.ggml.tokens", err);
    if (assay_text_valid(*text, *size) != *size)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.tokens: token %zu is not valid UTF-8", index);
    assay_gguf_array_int(gguf, "tokenizer.ggml.token_type", index, &value);
    *type = value < ASSAY_SP_NORMAL || value > ASSAY_SP_BYTE ? ASSAY_SP_NORMAL : (int)value;
    return ASSAY_OK;
}

static assay_status special_add(assay_tokenizer *tokenizer, size_t id, const char *text, size_t size, int type,
                                assay_error *err)
{
    if (type != ASSAY_SP_CONTROL && type != ASSAY_SP_USER_DEFINED && type != ASSAY_SP_UNKNOWN) return ASSAY_OK;
    assay_added_token token = {.id = (int32_t)id, .special = type != ASSAY_SP_USER_DEFINED};
    return assay_tokenizer_add_token(tokenizer, text, size, token, text, size, err);
}

static assay_status sp_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, assay_error *err)
{
    assay_sp_model *model;
    const char *text;
    size_t size;
    int type = ASSAY_SP_NORMAL;
    ASSAY_TRY(assay_sp_tokenizer_new(&model, tokenizer, err));
    for (size_t i = 0; i < count; i++) {
        double score;
        ASSAY_TRY(token_get(gguf, i, &text, &size, &type, err));
        if (!assay_gguf_array_double(gguf, "tokenizer.ggml.scores", i, &score))
            return missing("tokenizer.ggml.scores", err);
        int piece_type = type == ASSAY_SP_USER_DEFINED ? ASSAY_SP_NORMAL : type; /* found as added tokens */
        ASSAY_TRY(assay_sp_model_add(model, &tokenizer->vocab, text, size, (float)score, piece_type, err));
        ASSAY_TRY(special_add(tokenizer, i, text, size, type, err));
    }
    model->byte_fallback = assay_token_map_find(&tokenizer->vocab, "<0x00>", 6) >= 0;
    model->dummy_prefix = flag_get(gguf, "tokenizer.ggml.add_space_prefix", true);
    model->remove_extra_spaces = flag_get(gguf, "tokenizer.ggml.remove_extra_whitespaces", false);
    return assay_sp_model_finish(model, &tokenizer->vocab, "tokenizer.ggml.tokens", err);
}

static assay_status merges_read(assay_bpe_model *model, const assay_token_map *vocab, const assay_gguf *gguf,
                                assay_error *err)
{
    static const char key[] = "tokenizer.ggml.merges";
    size_t count, size;
    const char *text;
    if (!assay_gguf_array_size(gguf, key, &count)) return missing(key, err);
    for (size_t i = 0; i < count; i++) {
        if (!assay_gguf_array_string(gguf, key, i, &text, &size)) return missing(key, err);
        const char *space = size > 1 ? memchr(text + 1, ' ', size - 1) : NULL;
        if (!space) return assay_error_set(err, ASSAY_E_FORMAT, "%s: merge %zu is no pair", key, i);
        size_t left = (size_t)(space - text);
        ASSAY_TRY(assay_bpe_model_add_merge(model, vocab, text, left, space + 1, size - left - 1, i, key, err));
    }
    return ASSAY_OK;
}

static assay_status rule_apply(assay_pipeline *pipeline, const assay_gguf_pre *rule, assay_error *err)
{
    json_t *normalizer = assay_gguf_pre_normalizer(rule), *words = assay_gguf_pre_words(rule);
    assay_status status =
        normalizer && words ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tokenizer");
    if (status == ASSAY_OK)
        status = assay_normalizer_read(&pipeline->normalizer, normalizer, "tokenizer.ggml.pre", err);
    if (status == ASSAY_OK) status = assay_pre_tokenizer_read(&pipeline->pre, words, "tokenizer.ggml.pre", err);
    json_decref(normalizer);
    json_decref(words);
    return status;
}

static assay_status bpe_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count,
                                   const assay_gguf_pre *rule, assay_error *err)
{
    const char *text;
    assay_bpe_model *model;
    assay_pipeline *pipeline;
    size_t size;
    int type = ASSAY_SP_NORMAL;
    ASSAY_TRY(assay_pipeline_new(&pipeline, tokenizer, err));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(token_get(gguf, i, &text, &size, &type, err));
        ASSAY_TRY(assay_token_map_add(&tokenizer->vocab, text, size, (int32_t)i, err));
        ASSAY_TRY(special_add(tokenizer, i, text, size, type, err));
    }
    ASSAY_TRY(rule_apply(pipeline, rule, err));
    ASSAY_TRY(assay_bpe_model_new(&model, err));
    pipeline->model = model;
    pipeline->words = &assay_bpe_kind;
    model->ignore_merges = rule->ignore_merges;
    model->byte_fallback = model->fuse_unk = rule->characters;
    ASSAY_TRY(merges_read(model, &tokenizer->vocab, gguf, err));
    assay_bpe_model_finish(model, &tokenizer->vocab);
    assay_pipeline_finish(pipeline, tokenizer);
    return ASSAY_OK;
}

/* What stands around a text unless the file says otherwise, and default ids. */
typedef struct gguf_kind {
    const char *model;
    assay_status (*read)(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, struct gguf_kind *kind,
                         assay_error *err);
    int32_t bos, eos, unk;
    bool add_bos, add_eos, document; /* document: the ends come from its post-processor */
} gguf_kind;

static assay_status ends_add(assay_tokenizer *tokenizer, const assay_gguf *gguf, const gguf_kind *kind,
                             assay_error *err)
{
    const assay_tokenizer_info *info = &tokenizer->info;
    bool add_bos = flag_get(gguf, "tokenizer.ggml.add_bos_token", kind->add_bos);
    bool add_eos = flag_get(gguf, "tokenizer.ggml.add_eos_token", kind->add_eos);
    if (kind->document) return ASSAY_OK;
    if (add_bos && info->bos >= 0) ASSAY_TRY(assay_ids_push(&tokenizer->prefix, info->bos, err));
    return add_eos && info->eos >= 0 ? assay_ids_push(&tokenizer->suffix, info->eos, err) : ASSAY_OK;
}

static assay_status info_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, const gguf_kind *kind,
                              assay_error *err)
{
    assay_tokenizer_info *info = &tokenizer->info;
    info->bos = id_get(gguf, "tokenizer.ggml.bos_token_id", count, kind->bos);
    info->eos = id_get(gguf, "tokenizer.ggml.eos_token_id", count, kind->eos);
    info->pad = id_get(gguf, "tokenizer.ggml.padding_token_id", count, -1);
    info->unk = id_get(gguf, "tokenizer.ggml.unknown_token_id", count, kind->unk);
    ASSAY_TRY(ends_add(tokenizer, gguf, kind, err));
    ASSAY_TRY(assay_named_templates_of_gguf(&tokenizer->templates, gguf, err));
    if (tokenizer->templates.count) info->template_origin = "tokenizer.chat_template";
    return ASSAY_OK;
}

static assay_status sp_kind_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, gguf_kind *kind,
                                 assay_error *err)
{
    (void)kind;
    return sp_vocab_read(tokenizer, gguf, count, err);
}

static assay_status bpe_kind_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, gguf_kind *kind,
                                  assay_error *err)
{
    const assay_gguf_pre *rule;
    ASSAY_TRY(assay_gguf_pre_find(&rule, gguf, err));
    kind->add_bos = rule->add_bos;
    kind->add_eos = rule->add_eos;
    return bpe_vocab_read(tokenizer, gguf, count, rule, err);
}

static assay_status document_kind_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count,
                                       gguf_kind *kind, assay_error *err)
{
    static const assay_tokenizer_config nothing;
    assay_document document = {0};
    (void)count;
    assay_status status = assay_gguf_document(&document, gguf, err);
    if (status == ASSAY_OK)
        status = assay_json_document_read(tokenizer, document.root, "tokenizer.ggml.tokens", &nothing, err);
    if (status == ASSAY_OK) kind->bos = assay_document_id(&document, "bos_token");
    if (status == ASSAY_OK) kind->eos = assay_document_id(&document, "eos_token");
    if (status == ASSAY_OK) kind->unk = assay_document_id(&document, "unk_token");
    assay_document_release(&document);
    return status;
}

assay_status assay_gguf_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, assay_error *err)
{
    static const gguf_kind kinds[] = {{.model = "llama", .read = sp_kind_read, .bos = 1, .eos = 2, .add_bos = true},
                                      {.model = "gpt2", .read = bpe_kind_read, .bos = -1, .eos = -1, .unk = -1},
                                      {.model = "gemma4", .read = bpe_kind_read, .bos = -1, .eos = -1, .unk = -1},
                                      {.model = "bert", .read = document_kind_read, .document = true},
                                      {.model = "t5", .read = document_kind_read, .document = true}};
    const char *model = NULL;
    size_t count = 0;
    if (!assay_gguf_string(gguf, "tokenizer.ggml.model", &model, NULL)) return missing("tokenizer.ggml.model", err);
    if (!assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &count) || !count)
        return missing("tokenizer.ggml.tokens", err);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        gguf_kind kind = kinds[i];
        if (strcmp(model, kind.model) != 0) continue;
        ASSAY_TRY(kind.read(tokenizer, gguf, count, &kind, err));
        return info_read(tokenizer, gguf, count, &kind, err);
    }
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "tokenizer.ggml.model is \"%.80s\"; Assay reads llama, gpt2, gemma4, bert and t5", model);
}
