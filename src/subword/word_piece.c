#include "subword/word_piece.h"

#include <string.h>

static void word_piece_release(void *state)
{
    assay_word_piece *model = state;
    if (model) assay_piece_index_release(&model->index);
    assay_free(model);
}

static assay_status index_build(assay_word_piece *model, const assay_token_map *vocab, const char *where,
                                assay_error *err)
{
    size_t count = 0;
    assay_piece_entry *entries = assay_alloc(vocab->count + 1, sizeof(*entries));
    ASSAY_TRY_ALLOC(entries, "a vocabulary", err);
    for (size_t id = 0; id < vocab->count; id++) {
        const assay_token *token = &vocab->tokens[id];
        if (token->text) entries[count++] = (assay_piece_entry){token->text, token->size, (int32_t)id};
    }
    assay_status status = assay_piece_index_build(&model->index, entries, count, where, err);
    assay_free(entries);
    return status;
}

assay_status assay_word_piece_new(assay_word_piece **out, const assay_token_map *vocab, const char *unk,
                                  const char *prefix, size_t most_characters, const char *where, assay_error *err)
{
    assay_word_piece *model = *out = assay_alloc(1, sizeof(*model));
    ASSAY_TRY_ALLOC(model, "a tokenizer", err);
    assay_status status = ASSAY_OK;
    model->unk = assay_token_map_find(vocab, unk, strlen(unk));
    model->most_characters = most_characters;
    if (model->unk < 0)
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s: the unknown token \"%.80s\" is not in the vocabulary", where,
                                 unk);
    if (status == ASSAY_OK) status = index_build(model, vocab, where, err);
    if (status == ASSAY_OK) model->inside = assay_piece_index_walk(&model->index, prefix, strlen(prefix));
    if (status == ASSAY_OK) return status;
    word_piece_release(model);
    *out = NULL;
    return status;
}

/* Length of the longest piece at `text`, below `node`, and its id. */
static size_t longest_piece(const assay_piece_index *index, uint32_t node, const char *text, size_t size, int32_t *id,
                            uint64_t *steps)
{
    size_t longest = 0;
    for (size_t i = 0; i < size && node != ASSAY_PIECE_NONE; ++*steps) {
        node = assay_piece_index_step(index, node, (unsigned char)text[i++]);
        if (node == ASSAY_PIECE_NONE || index->nodes[node].value < 0) continue;
        longest = i;
        *id = index->nodes[node].value;
    }
    return longest;
}

static bool word_fits(const assay_word_piece *model, const char *word, size_t size)
{
    size_t characters = 0;
    for (size_t i = 0; i < size; i++) characters += ((unsigned char)word[i] & 0xc0) != 0x80;
    return characters <= model->most_characters;
}

static assay_status word_piece_encode(const void *state, const assay_token_map *vocab, const char *word, size_t size,
                                      assay_word_work *work, assay_ids *ids, assay_error *err)
{
    const assay_word_piece *model = state;
    size_t before = ids->count, at = 0;
    (void)vocab;
    if (!word_fits(model, word, size)) return assay_ids_push(ids, model->unk, err);
    while (at < size) {
        int32_t id = -1;
        uint32_t node = at ? model->inside : ASSAY_PIECE_ROOT;
        size_t length = longest_piece(&model->index, node, word + at, size - at, &id, &work->steps);
        if (!length) break;
        ASSAY_TRY(assay_ids_push(ids, id, err));
        at += length;
    }
    if (at == size) return ASSAY_OK;
    ids->count = before;
    return assay_ids_push(ids, model->unk, err);
}

static assay_status word_level_encode(const void *state, const assay_token_map *vocab, const char *word, size_t size,
                                      assay_word_work *work, assay_ids *ids, assay_error *err)
{
    const assay_word_piece *model = state;
    int32_t id = assay_token_map_find(vocab, word, size);
    (void)work;
    return assay_ids_push(ids, id >= 0 ? id : model->unk, err);
}

const assay_word_kind assay_word_piece_kind = {"wordpiece", word_piece_encode, word_piece_release};
const assay_word_kind assay_word_level_kind = {"word-level", word_level_encode, word_piece_release};
