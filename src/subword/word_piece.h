/* WordPiece (BERT): from the left, the longest piece each time; pieces inside a word are written with a prefix ("##").
 * A word that cannot be cut whole, or has more characters than the model takes, is unk. As `tokenizers`
 * (models/wordpiece/mod.rs). */
#ifndef ASSAY_SUBWORD_WORD_PIECE_H
#define ASSAY_SUBWORD_WORD_PIECE_H

#include "subword/piece_index.h"
#include "subword/word_model.h"

typedef struct assay_word_piece {
    assay_piece_index index;
    uint32_t inside; /* the node that the prefix leads to */
    int32_t unk;
    size_t most_characters;
} assay_word_piece;

extern const assay_word_kind assay_word_piece_kind, assay_word_level_kind;

/* Of a whole vocabulary. word_level: every word is looked up as it is, and the rest does not count. */
assay_status assay_word_piece_new(assay_word_piece **out, const assay_token_map *vocab, const char *unk,
                                  const char *prefix, size_t most_characters, const char *where, assay_error *err);

#endif
