/* SentencePiece's normaliser. At each place: a user-defined symbol passes untouched; else the longest rule of the
 * charsmap that the text begins with is replaced; else one character passes. Spaces become U+2581 on the way, runs of
 * them may shrink to one, and a dummy one goes in front. */
#include "tokenizer/sp_model.h"

#include "text/unicode.h"

#include <string.h>

#define SPACE_SYMBOL "\xe2\x96\x81"

typedef struct chunk {
    const char *text; /* what comes out */
    size_t size;
    size_t consumed; /* bytes of input it stands for */
} chunk;

static chunk chunk_next(const assay_sp_model *model, const char *text, size_t size)
{
    int32_t id;
    chunk out = {.text = text};
    out.size = out.consumed = assay_piece_trie_match(&model->user_symbols, text, size, &id);
    if (out.size) return out;
    out.consumed = assay_charsmap_longest(&model->charsmap, text, size, &out.text, &out.size);
    if (out.consumed) return out;
    size_t length = assay_utf8_length((unsigned char)text[0]);
    if (length > size) length = size; /* a rule may end inside a character */
    return (chunk){text, length, length};
}

static assay_status chunk_put(const assay_sp_model *model, chunk piece, assay_buf *out, assay_error *err)
{
    while (piece.size) {
        const char *space = model->escape_spaces ? memchr(piece.text, ' ', piece.size) : NULL;
        size_t plain = space ? (size_t)(space - piece.text) : piece.size;
        ASSAY_TRY(assay_buf_append(out, piece.text, plain, err));
        if (!space) break;
        ASSAY_TRY(assay_buf_text(out, SPACE_SYMBOL, err));
        piece.text += plain + 1;
        piece.size -= plain + 1;
    }
    return ASSAY_OK;
}

static size_t leading_spaces(const assay_sp_model *model, const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        chunk next = chunk_next(model, text + at, size - at);
        if (next.size != 1 || next.text[0] != ' ') break;
        at += next.consumed;
    }
    return at;
}

static void trailing_spaces_drop(const assay_sp_model *model, assay_buf *out, size_t start)
{
    const char *space = model->escape_spaces ? SPACE_SYMBOL : " ";
    size_t length = strlen(space);
    while (out->size - start >= length && memcmp(out->data + out->size - length, space, length) == 0)
        out->size -= length;
    if (out->data) out->data[out->size] = 0;
}

assay_status assay_sp_normalize(const assay_sp_model *model, const char *text, size_t size, assay_buf *out,
                                assay_error *err)
{
    const char *space = model->escape_spaces ? SPACE_SYMBOL : " ";
    size_t at = model->remove_extra_spaces ? leading_spaces(model, text, size) : 0, start = out->size;
    if (at == size) return ASSAY_OK;
    if (model->dummy_prefix && !model->spaces_as_suffix) ASSAY_TRY(assay_buf_text(out, space, err));
    bool after_space = model->remove_extra_spaces;
    while (at < size) {
        chunk next = chunk_next(model, text + at, size - at);
        at += next.consumed;
        while (after_space && next.size && next.text[0] == ' ') next.text++, next.size--;
        ASSAY_TRY(chunk_put(model, next, out, err));
        if (next.size) after_space = model->remove_extra_spaces && next.text[next.size - 1] == ' ';
    }
    if (model->remove_extra_spaces) trailing_spaces_drop(model, out, start);
    if (model->dummy_prefix && model->spaces_as_suffix) ASSAY_TRY(assay_buf_text(out, space, err));
    return ASSAY_OK;
}
