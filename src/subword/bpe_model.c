#include "subword/bpe_model.h"

#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

enum { MERGED_BYTES = 4096 };

static void bpe_release(void *state)
{
    assay_bpe_model *model = state;
    if (model) assay_merge_table_release(&model->merges);
    assay_free(model);
}

assay_status assay_bpe_model_new(assay_bpe_model **out, assay_error *err)
{
    *out = assay_alloc(1, sizeof(**out));
    ASSAY_TRY_ALLOC(*out, "a tokenizer", err);
    (*out)->unk = -1;
    return ASSAY_OK;
}

static assay_status merge_refuse(const char *where, size_t rank, const char *what, const char *text, size_t size,
                                 assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: merge %zu %s \"%.*s\", which is not in the vocabulary", where,
                           rank, what, (int)(size < 200 ? size : 200), text);
}

assay_status assay_bpe_model_add_merge(assay_bpe_model *model, const assay_token_map *vocab, const char *left,
                                       size_t left_size, const char *right, size_t right_size, size_t rank,
                                       const char *where, assay_error *err)
{
    char joined[MERGED_BYTES];
    if (left_size > MERGED_BYTES / 2 || right_size > MERGED_BYTES / 2 || rank >= UINT32_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: merge %zu is too long", where, rank);
    memcpy(joined, left, left_size);
    memcpy(joined + left_size, right, right_size);
    int32_t left_id = assay_token_map_find(vocab, left, left_size),
            right_id = assay_token_map_find(vocab, right, right_size);
    int32_t id = assay_token_map_find(vocab, joined, left_size + right_size);
    if (left_id < 0) return merge_refuse(where, rank, "uses", left, left_size, err);
    if (right_id < 0) return merge_refuse(where, rank, "uses", right, right_size, err);
    if (id < 0) return merge_refuse(where, rank, "makes", joined, left_size + right_size, err);
    return assay_merge_table_add(&model->merges, left_id, right_id, (uint32_t)rank, id, err);
}

void assay_bpe_model_rank_by_result(assay_bpe_model *model)
{
    for (size_t i = 0; i < model->merges.slot_count; i++)
        model->merges.slots[i].rank = (uint32_t)model->merges.slots[i].id;
}

void assay_bpe_model_finish(assay_bpe_model *model, const assay_token_map *vocab)
{
    for (int32_t code = 0; code < ASSAY_BPE_QUICK_CODES; code++) {
        char text[4];
        model->quick[code] = assay_token_map_find(vocab, text, assay_utf8_put(text, code));
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[8];
        model->bytes[byte] = assay_token_map_find(vocab, text, (size_t)snprintf(text, sizeof(text), "<0x%02X>", byte));
    }
}

static bool bytes_known(const assay_bpe_model *model, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (model->bytes[(unsigned char)text[i]] < 0) return false;
    return true;
}

/* An unknown character. *pending: an unk waits to be written, so that the next may fuse with it. */
static assay_status unknown_add(const assay_bpe_model *model, const char *text, size_t size, bool *pending,
                                assay_ids *out, assay_error *err)
{
    if (model->byte_fallback && bytes_known(model, text, size)) {
        for (size_t i = 0; i < size; i++) ASSAY_TRY(assay_ids_push(out, model->bytes[(unsigned char)text[i]], err));
        return ASSAY_OK;
    }
    if (model->unk < 0) return ASSAY_OK;
    if (*pending && !model->fuse_unk) ASSAY_TRY(assay_ids_push(out, model->unk, err));
    *pending = true;
    return ASSAY_OK;
}

static assay_status symbols_make(const assay_bpe_model *model, const assay_token_map *vocab, const char *word,
                                 size_t size, assay_ids *out, assay_error *err)
{
    bool pending = false;
    size_t length;
    out->count = 0;
    for (size_t at = 0; at < size; at += length) {
        int32_t code = assay_utf8_get(word + at, &length);
        int32_t id = code < ASSAY_BPE_QUICK_CODES ? model->quick[code] : assay_token_map_find(vocab, word + at, length);
        if (id < 0) {
            ASSAY_TRY(unknown_add(model, word + at, length, &pending, out, err));
            continue;
        }
        if (pending) ASSAY_TRY(assay_ids_push(out, model->unk, err));
        pending = false;
        ASSAY_TRY(assay_ids_push(out, id, err));
    }
    return pending ? assay_ids_push(out, model->unk, err) : ASSAY_OK;
}

static bool names_byte(const assay_bpe_model *model, const char *word, size_t size, int32_t id)
{
    if (size != strlen("<0x00>") || word[0] != '<') return false;
    for (unsigned byte = 0; byte < 256; byte++)
        if (model->bytes[byte] == id) return true;
    return false;
}

static assay_status bpe_encode(const void *state, const assay_token_map *vocab, const char *word, size_t size,
                               assay_word_work *work, assay_ids *ids, assay_error *err)
{
    const assay_bpe_model *model = state;
    if (model->ignore_merges) {
        int32_t whole = assay_token_map_find(vocab, word, size);
        if (whole >= 0 && !(model->byte_names_plain && names_byte(model, word, size, whole)))
            return assay_ids_push(ids, whole, err);
    }
    ASSAY_TRY(symbols_make(model, vocab, word, size, &work->symbols, err));
    ASSAY_TRY(assay_merge_word(&model->merges, &work->scratch, work->symbols.data, &work->symbols.count, err));
    for (size_t i = 0; i < work->symbols.count; i++) ASSAY_TRY(assay_ids_push(ids, work->symbols.data[i], err));
    return ASSAY_OK;
}

const assay_word_kind assay_bpe_kind = {"character-bpe", bpe_encode, bpe_release};
