/* What the classes of spm_classes.c and spm_generic.c are made of: merges, models and tokens out of the pieces. */
#include "tokenizer/spm_document.h"

#include "subword/piece_index.h"
#include "text/base64.h"

#include <stdlib.h>
#include <string.h>

static assay_status no_memory(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a vocabulary");
}

/* ---- merges ---- */

typedef struct merge {
    double rank;
    int32_t id;
    uint32_t left; /* the piece and where it is cut */
} merge;

typedef struct merge_list {
    merge *items;
    size_t count, capacity;
} merge_list;

static int merge_compare(const void *a, const void *b)
{
    const merge *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return x->left < y->left ? -1 : x->left > y->left;
}

static bool may_merge(const assay_spm *spm, const char *text, size_t size, bool by_score)
{
    int32_t id = assay_token_map_find(&spm->pieces, text, size);
    return id >= 0 && (!by_score || spm->model.pieces[id].type == ASSAY_SP_NORMAL);
}

static assay_status piece_cut(merge_list *list, const assay_spm *spm, int32_t id, bool by_score, assay_error *err)
{
    const assay_token *piece = &spm->pieces.tokens[id];
    double rank = by_score ? -(double)spm->model.pieces[id].score : id;
    if (by_score && spm->model.pieces[id].type != ASSAY_SP_NORMAL) return ASSAY_OK;
    if (piece->size > ASSAY_PIECE_BYTES)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: piece %d has %u bytes, at most %d are taken", spm->where,
                               (int)id, (unsigned)piece->size, ASSAY_PIECE_BYTES);
    for (uint32_t at = 1; at < piece->size; at++) {
        bool inside = ((unsigned char)piece->text[at] & 0xc0) == 0x80; /* of a character */
        if (inside || !may_merge(spm, piece->text, at, by_score)) continue;
        if (!may_merge(spm, piece->text + at, piece->size - at, by_score)) continue;
        ASSAY_TRY(assay_grow(&list->items, &list->capacity, list->count + 1, sizeof(merge), err));
        list->items[list->count++] = (merge){rank, id, at};
    }
    return ASSAY_OK;
}

static assay_status merges_write(json_t *out, const merge_list *list, const assay_spm *spm, assay_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const assay_token *piece = &spm->pieces.tokens[list->items[i].id];
        uint32_t left = list->items[i].left;
        json_t *pair =
            json_pack("[s%, s%]", piece->text, (size_t)left, piece->text + left, (size_t)(piece->size - left));
        if (json_array_append_new(out, pair) != 0) return no_memory(err);
    }
    return ASSAY_OK;
}

static assay_status merges_make(json_t *out, const assay_spm *spm, bool by_score, assay_error *err)
{
    merge_list list = {0};
    assay_status status = ASSAY_OK;
    for (size_t id = 0; id < spm->model.count && status == ASSAY_OK; id++)
        status = piece_cut(&list, spm, (int32_t)id, by_score, err);
    if (list.count) qsort(list.items, list.count, sizeof(merge), merge_compare);
    if (status == ASSAY_OK) status = merges_write(out, &list, spm, err);
    assay_free(list.items);
    return status;
}

/* ---- models ---- */

static json_t *vocab_object(const assay_spm *spm)
{
    json_t *vocab = json_object();
    for (size_t id = 0; vocab && id < spm->model.count; id++)
        if (json_object_set_new(vocab, spm->pieces.tokens[id].text, json_integer((json_int_t)id)) != 0)
            vocab = (json_decref(vocab), NULL);
    return vocab;
}

assay_status assay_spm_bpe(json_t **out, const assay_spm *spm, bool by_score, const char *unk, bool fallback,
                           bool ignore_merges, assay_error *err)
{
    json_t *vocab = vocab_object(spm), *merges = json_array();
    *out = assay_node_bpe(vocab, merges, unk, true, fallback, ignore_merges);
    if (!*out) return no_memory(err);
    assay_status status = merges_make(merges, spm, by_score, err);
    if (status != ASSAY_OK) *out = (json_decref(*out), NULL);
    return status;
}

static bool piece_push(json_t *list, const char *text, double score)
{
    return json_array_append_new(list, json_pack("[s, f]", text, score)) == 0;
}

json_t *assay_spm_unigram(const assay_spm *spm, const char *const *front, size_t skipped, const char *behind,
                          int64_t unk, bool fallback)
{
    json_t *list = json_array();
    bool fine = list != NULL;
    for (; fine && front && *front; front++) fine = piece_push(list, *front, 0);
    for (size_t id = skipped; fine && id < spm->model.count; id++)
        fine = piece_push(list, spm->pieces.tokens[id].text, (double)spm->model.pieces[id].score);
    if (fine && behind) fine = piece_push(list, behind, 0);
    if (!fine) list = (json_decref(list), NULL);
    return json_pack("{s:s, s:I, s:o, s:b}", "type", "Unigram", "unk_id", (json_int_t)unk, "vocab", list,
                     "byte_fallback", (int)fallback);
}

json_t *assay_spm_precompiled(const assay_spm *spm)
{
    if (!spm->model.charsmap_size) return json_null();
    char *text = assay_base64_encode(spm->model.charsmap_blob, spm->model.charsmap_size);
    json_t *node = text ? json_pack("{s:s, s:s}", "type", "Precompiled", "precompiled_charsmap", text) : NULL;
    assay_free(text);
    return node;
}

json_t *assay_spm_tokens(const assay_spm *spm)
{
    json_t *list = json_array();
    for (size_t id = 0; id < spm->model.count; id++) {
        int type = spm->model.pieces[id].type;
        if (type != ASSAY_SP_CONTROL && type != ASSAY_SP_USER_DEFINED) continue;
        json_t *token = assay_node_token(spm->pieces.tokens[id].text, type == ASSAY_SP_CONTROL);
        if (!list || json_array_append_new(list, token) != 0) return json_decref(list), NULL;
    }
    return list;
}
