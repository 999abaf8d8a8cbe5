/* SentencePiece's BPE joins the neighbours whose union is the piece of the best score; a tokenizer.json joins the pair
 * of the lowest rank. So the ranks are the pairs of every piece in the order of the pieces' scores (Transformers,
 * convert_slow_tokenizer.py, generate_merges). */
#include "tokenizer/tokenizer_save_json.h"

#include <stdlib.h>
#include <string.h>

typedef struct merge {
    double score;
    size_t id, left; /* the piece and where it is cut */
} merge;

typedef struct merge_list {
    merge *items;
    size_t count, capacity;
} merge_list;

static int compare_merges(const void *a, const void *b)
{
    const merge *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return x->left < y->left ? -1 : x->left > y->left;
}

static bool known(const json_t *vocab, const char *text, size_t length, char *room)
{
    memcpy(room, text, length);
    room[length] = 0;
    return json_object_get(vocab, room) != NULL;
}

static assay_status cut_piece(merge_list *list, const json_t *vocab, const char *text, size_t length, size_t id,
                              double score, assay_error *err)
{
    char *room = assay_alloc(length + 1, 1);
    assay_status status = ASSAY_OK;
    ASSAY_TRY_ALLOC(room, "a piece", err);
    for (size_t at = 1; at < length && status == ASSAY_OK; at++) {
        bool inside = ((unsigned char)text[at] & 0xc0) == 0x80; /* of a character */
        if (inside || !known(vocab, text, at, room) || !known(vocab, text + at, length - at, room)) continue;
        status = assay_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, err);
        if (status == ASSAY_OK) list->items[list->count++] = (merge){score, id, at};
    }
    assay_free(room);
    return status;
}

static assay_status collect(merge_list *list, const assay_gguf *gguf, const json_t *vocab, assay_error *err)
{
    size_t count = 0, length;
    const char *text;
    assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &count);
    for (size_t i = 0; i < count; i++) {
        double score = 0;
        int64_t type = 1;
        assay_gguf_array_int(gguf, "tokenizer.ggml.token_type", i, &type);
        assay_gguf_array_double(gguf, "tokenizer.ggml.scores", i, &score);
        if (type != 1 || !assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", i, &text, &length)) continue;
        ASSAY_TRY(cut_piece(list, vocab, text, length, i, score, err));
    }
    return ASSAY_OK;
}

static assay_status write_list(const merge_list *list, const assay_gguf *gguf, json_t *out, assay_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *text = "";
        size_t length;
        assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", list->items[i].id, &text, &length);
        char *line = assay_strfmt("%.*s %s", (int)list->items[i].left, text, text + list->items[i].left);
        ASSAY_TRY_ALLOC(line, "a merge", err);
        json_array_append_new(out, json_string(line));
        assay_free(line);
    }
    return ASSAY_OK;
}

assay_status assay_merges_from_scores(const assay_gguf *gguf, const json_t *vocab, json_t **out, assay_error *err)
{
    merge_list list = {0};
    *out = json_array();
    ASSAY_TRY_ALLOC(*out, "merges", err);
    assay_status status = collect(&list, gguf, vocab, err);
    if (list.count) qsort(list.items, list.count, sizeof *list.items, compare_merges);
    if (status == ASSAY_OK) status = write_list(&list, gguf, *out, err);
    assay_free(list.items);
    return status;
}
