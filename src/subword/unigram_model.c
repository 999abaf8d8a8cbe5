/* Viterbi over the places between characters. Going left to right, every piece that begins at a place may improve the
 * place where it ends; walking back from the end gives the pieces, last first. */
#include "subword/unigram_model.h"

#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

#define UNKNOWN_PENALTY 10.0
#define RESET_SCORE 100000.0

typedef struct assay_unigram_node {
    double score;
    uint32_t start; /* of the best piece that ends here */
    int32_t id;     /* -1: none yet */
} node;

typedef struct run {
    const assay_unigram *model;
    const char *text;
    size_t size;
    node *path; /* by the place where a piece ends */
    assay_ids *ids;
} run;

static void unigram_release(void *state)
{
    assay_unigram *model = state;
    if (!model) return;
    assay_piece_index_release(&model->index);
    assay_free(model->scores);
    assay_free(model->entries);
    assay_free(model);
}

assay_status assay_unigram_new(assay_unigram **out, assay_error *err)
{
    *out = assay_alloc(1, sizeof(**out));
    ASSAY_TRY_ALLOC(*out, "a tokenizer", err);
    (*out)->unk = -1;
    return ASSAY_OK;
}

assay_status assay_unigram_add(assay_unigram *model, const char *text, size_t size, double score, assay_error *err)
{
    if (size > UINT32_MAX || model->count > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "piece %zu is too long, or one too many", model->count);
    ASSAY_TRY(assay_grow(&model->scores, &model->capacity, model->count + 1, sizeof(*model->scores), err));
    ASSAY_TRY(assay_grow(&model->entries, &model->entry_capacity, model->count + 1, sizeof(*model->entries), err));
    model->entries[model->count] = (assay_piece_entry){text, (uint32_t)size, (int32_t)model->count};
    model->scores[model->count++] = score;
    return ASSAY_OK;
}

assay_status assay_unigram_finish(assay_unigram *model, const assay_token_map *vocab, int32_t unk, const char *where,
                                  assay_error *err)
{
    double lowest = model->count ? model->scores[0] : 0;
    for (size_t i = 0; i < model->count; i++) {
        if (!(model->scores[i] - model->scores[i] == 0)) /* NaN or infinite */
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the score of piece %zu is no number", where, i);
        if (model->scores[i] < lowest) lowest = model->scores[i];
    }
    model->unk_score = lowest - UNKNOWN_PENALTY;
    model->unk = unk;
    for (unsigned byte = 0; byte < 256; byte++) {
        char name[8];
        model->bytes[byte] = assay_token_map_find(vocab, name, (size_t)snprintf(name, sizeof(name), "<0x%02X>", byte));
    }
    assay_status status = assay_piece_index_build(&model->index, model->entries, model->count, where, err);
    assay_free(model->entries);
    model->entries = NULL;
    return status;
}

void assay_unigram_hide(assay_unigram *model, const char *text, size_t size)
{
    uint32_t found = assay_piece_index_walk(&model->index, text, size);
    if (size && found != ASSAY_PIECE_NONE) model->index.nodes[found].value = -1;
}

static void node_offer(run *this, size_t start, size_t end, int32_t id, double score)
{
    node *target = &this->path[end];
    double sum = score + this->path[start].score;
    if (this->model->single) sum = (double)(float)sum;
    if (target->id < 0 || sum > target->score) *target = (node){sum, (uint32_t)start, id};
}

/* All pieces that begin at `start`; whether one of them is the first character alone. */
static bool pieces_offer(run *this, size_t start, size_t length)
{
    const assay_piece_index *index = &this->model->index;
    bool single = false;
    uint32_t at = ASSAY_PIECE_ROOT;
    for (size_t end = start; end < this->size;) {
        at = assay_piece_index_step(index, at, (unsigned char)this->text[end++]);
        if (at == ASSAY_PIECE_NONE) break;
        int32_t id = index->nodes[at].value;
        if (id < 0) continue;
        node_offer(this, start, end, id, this->model->scores[id]);
        single = single || end - start == length;
    }
    return single;
}

/* Floats of a long text would lose their digits: SentencePiece begins anew at 0 where the sum has grown large. */
static void path_rebase(run *this, size_t at)
{
    double offset = this->path[at].score;
    if (!this->model->single || (offset >= -RESET_SCORE && offset <= RESET_SCORE)) return;
    size_t last = this->size - at > ASSAY_PIECE_BYTES ? at + ASSAY_PIECE_BYTES : this->size;
    for (size_t i = at; i <= last; i++)
        if (i == at || this->path[i].id >= 0) this->path[i].score = (double)(float)(this->path[i].score - offset);
}

static assay_status path_find(run *this, assay_error *err)
{
    size_t length;
    for (size_t i = 1; i <= this->size; i++) this->path[i].id = -1;
    this->path[0] = (node){0};
    for (size_t at = 0; at < this->size; at += length) {
        path_rebase(this, at);
        length = assay_utf8_length((unsigned char)this->text[at]);
        if (pieces_offer(this, at, length)) continue;
        if (this->model->unk < 0)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED, "the vocabulary has no \"%.*s\" and no unknown token",
                                   (int)length, this->text + at);
        node_offer(this, at, at + length, this->model->unk, this->model->unk_score);
    }
    return ASSAY_OK;
}

/* Ids come last first, here and below; word_encode turns them round. */
static assay_status unknown_put(const run *this, size_t start, size_t end, assay_error *err)
{
    const assay_unigram *model = this->model;
    uint32_t found = assay_piece_index_walk(&model->index, this->text + start, end - start);
    int32_t id = found == ASSAY_PIECE_NONE ? -1 : model->index.nodes[found].value;
    if (id >= 0) return assay_ids_push(this->ids, id, err);
    bool bytes = model->byte_fallback;
    for (size_t i = start; bytes && i < end; i++) bytes = model->bytes[(unsigned char)this->text[i]] >= 0;
    if (!bytes) return assay_ids_push(this->ids, model->unk, err);
    for (size_t i = end; i > start; i--)
        ASSAY_TRY(assay_ids_push(this->ids, model->bytes[(unsigned char)this->text[i - 1]], err));
    return ASSAY_OK;
}

static assay_status path_write(const run *this, assay_error *err)
{
    const node *path = this->path;
    for (size_t end = this->size; end > 0;) {
        size_t start = path[end].start;
        if (path[end].id != this->model->unk) {
            ASSAY_TRY(assay_ids_push(this->ids, path[end].id, err));
        } else {
            while (start && path[start].id == this->model->unk) start = path[start].start;
            ASSAY_TRY(unknown_put(this, start, end, err));
        }
        end = start;
    }
    return ASSAY_OK;
}

static assay_status unigram_encode(const void *state, const assay_token_map *vocab, const char *word, size_t size,
                                   assay_word_work *work, assay_ids *ids, assay_error *err)
{
    (void)vocab;
    if (size >= UINT32_MAX) return assay_error_set(err, ASSAY_E_UNSUPPORTED, "a word of %zu bytes is too long", size);
    ASSAY_TRY(assay_grow(&work->path, &work->path_capacity, size + 1, sizeof(node), err));
    run this = {state, word, size, work->path, ids};
    size_t first = ids->count;
    ASSAY_TRY(path_find(&this, err));
    ASSAY_TRY(path_write(&this, err));
    for (size_t low = first, high = ids->count; low + 1 < high; low++) {
        int32_t swapped = ids->data[low];
        ids->data[low] = ids->data[--high];
        ids->data[high] = swapped;
    }
    return ASSAY_OK;
}

const assay_word_kind assay_unigram_kind = {"unigram", unigram_encode, unigram_release};
