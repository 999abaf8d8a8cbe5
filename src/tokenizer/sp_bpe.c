/* SentencePiece's BPE. The normalised text is cut into characters (a user-defined symbol is one, and never merges); the
 * adjacent pair whose text is the piece of highest score (leftmost on a tie) is joined, until none is left. Symbols are
 * ranges of one buffer, so a pair's text is a range too and needs no copy. A heap holds the candidates; one is stale
 * when its two lengths no longer add up to its size. UNUSED pieces take part in merging but are split again into the
 * pair they came from. What is no piece is unk, or its bytes. */
#include "tokenizer/sp_model.h"

#include "subword/merge_heap.h"
#include "text/unicode.h"

enum { NONE = UINT32_MAX };

typedef struct symbol {
    uint32_t start, size; /* size 0: swallowed */
    uint32_t previous, next;
    bool frozen;
} symbol;

typedef struct encoder {
    const assay_sp_model *model;
    const assay_token_map *vocab;
    const char *text;
    symbol *symbols;
    size_t count;
    assay_merge_heap heap;
    /* by UNUSED piece: length of the left half it was joined from; NULL when the model has none */
    uint32_t *left_sizes;
    bool after_unknown;
    assay_ids *ids;
} encoder;

static bool type_merges(uint8_t type)
{
    return type == ASSAY_SP_NORMAL || type == ASSAY_SP_USER_DEFINED || type == ASSAY_SP_UNUSED;
}

/* -1: no piece of the model */
static int32_t piece_find(const encoder *work, uint32_t start, uint32_t size)
{
    int32_t id = assay_token_map_find(work->vocab, work->text + start, size);
    return id >= 0 && (size_t)id < work->model->count ? id : -1;
}

static assay_status pair_add(encoder *work, uint32_t left, uint32_t right, assay_error *err)
{
    if (left == NONE || right == NONE || work->symbols[left].frozen || work->symbols[right].frozen) return ASSAY_OK;
    uint32_t size = work->symbols[left].size + work->symbols[right].size;
    int32_t id = piece_find(work, work->symbols[left].start, size);
    if (id < 0 || !type_merges(work->model->pieces[id].type)) return ASSAY_OK;
    if (work->left_sizes && work->model->pieces[id].type == ASSAY_SP_UNUSED)
        work->left_sizes[id] = work->symbols[left].size;
    const assay_merge_candidate candidate = {
        .order = assay_merge_order_of_score(work->model->pieces[id].score), .place = left, .with = right, .size = size};
    return assay_merge_heap_push(&work->heap, candidate, err);
}

static assay_status symbols_cut(encoder *work, size_t size, assay_error *err)
{
    work->symbols = assay_alloc(size, sizeof(*work->symbols));
    ASSAY_TRY_ALLOC(work->symbols, "the characters of a text", err);
    for (size_t at = 0; at < size;) {
        int32_t id;
        size_t length = assay_piece_trie_match(&work->model->user_symbols, work->text + at, size - at, &id);
        symbol *next = &work->symbols[work->count];
        *next = (symbol){.start = (uint32_t)at, .frozen = length > 0};
        if (!length) length = assay_utf8_length((unsigned char)work->text[at]);
        if (length > size - at) length = size - at;
        next->size = (uint32_t)length;
        next->previous = work->count ? (uint32_t)work->count - 1 : NONE;
        at += length;
        next->next = at < size ? (uint32_t)work->count + 1 : NONE;
        work->count++;
    }
    return ASSAY_OK;
}

static assay_status pairs_join(encoder *work, assay_error *err)
{
    for (uint32_t i = 1; i < work->count; i++) ASSAY_TRY(pair_add(work, i - 1, i, err));
    while (work->heap.count) {
        assay_merge_candidate top = assay_merge_heap_pop(&work->heap);
        symbol *left = &work->symbols[top.place], *right = &work->symbols[top.with];
        if (!left->size || !right->size || left->size + right->size != top.size) continue;
        left->size = top.size;
        right->size = 0;
        left->next = right->next;
        if (left->next != NONE) work->symbols[left->next].previous = top.place;
        ASSAY_TRY(pair_add(work, left->previous, top.place, err));
        ASSAY_TRY(pair_add(work, top.place, left->next, err));
    }
    return ASSAY_OK;
}

static assay_status unknown_put(encoder *work, uint32_t start, uint32_t size, assay_error *err)
{
    const assay_sp_model *model = work->model;
    if (!model->byte_fallback) {
        bool again = work->after_unknown;
        work->after_unknown = true;
        return again ? ASSAY_OK : assay_ids_push(work->ids, model->unk, err);
    }
    for (uint32_t i = 0; i < size; i++)
        ASSAY_TRY(assay_ids_push(work->ids, model->bytes[(unsigned char)work->text[start + i]], err));
    return ASSAY_OK;
}

static assay_status piece_put(encoder *work, uint32_t start, uint32_t size, assay_error *err)
{
    int32_t id = piece_find(work, start, size);
    if (id < 0 || id == work->model->unk) return unknown_put(work, start, size, err);
    uint32_t left = work->left_sizes && work->model->pieces[id].type == ASSAY_SP_UNUSED ? work->left_sizes[id] : 0;
    if (left && left < size) {
        ASSAY_TRY(piece_put(work, start, left, err));
        return piece_put(work, start + left, size - left, err);
    }
    work->after_unknown = false;
    return assay_ids_push(work->ids, id, err);
}

static assay_status text_encode(encoder *work, size_t size, assay_error *err)
{
    if (size >= NONE / 2)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "a text of %zu bytes is too long to encode at once", size);
    if (work->model->has_unused) {
        work->left_sizes = assay_alloc(work->model->count, sizeof(*work->left_sizes));
        ASSAY_TRY_ALLOC(work->left_sizes, "the pieces of a text", err);
    }
    ASSAY_TRY(symbols_cut(work, size, err));
    ASSAY_TRY(pairs_join(work, err));
    for (uint32_t at = 0; at != NONE; at = work->symbols[at].next)
        ASSAY_TRY(piece_put(work, work->symbols[at].start, work->symbols[at].size, err));
    return ASSAY_OK;
}

assay_status assay_sp_encode(const assay_sp_model *model, const assay_token_map *vocab, const char *text, size_t size,
                             assay_ids *ids, assay_error *err)
{
    assay_buf normal;
    assay_buf_init(&normal, assay_normal_ceiling(size));
    encoder work = {.model = model, .vocab = vocab, .ids = ids};
    assay_status status = assay_sp_normalize(model, text, size, &normal, err);
    work.text = normal.data;
    if (status == ASSAY_OK && normal.size) status = text_encode(&work, normal.size, err);
    assay_free(work.symbols);
    assay_merge_heap_release(&work.heap);
    assay_free(work.left_sizes);
    assay_buf_release(&normal);
    return status;
}
