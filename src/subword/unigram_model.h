/* Unigram: the pieces of a word whose scores add up to the most.
 *
 *     assay_unigram *model;
 *     ASSAY_TRY(assay_unigram_new(&model, err));
 *     ASSAY_TRY(assay_unigram_add(model, text, size, score, err)); // in order of ids; the text outlives finish
 *     ASSAY_TRY(assay_unigram_finish(model, &vocab, unk, where, err));
 *
 * As `tokenizers` (models/unigram/model.rs, encode_optimized): scores are doubles, a character that is no piece costs
 * the lowest score less 10, neighbouring unknown characters are one unk (or their bytes, with byte_fallback), and of
 * equal sums the first found stays. */
#ifndef ASSAY_SUBWORD_UNIGRAM_MODEL_H
#define ASSAY_SUBWORD_UNIGRAM_MODEL_H

#include "subword/piece_index.h"
#include "subword/word_model.h"

typedef struct assay_unigram {
    assay_piece_index index;
    double *scores; /* by id */
    size_t count, capacity;
    assay_piece_entry *entries; /* until assay_unigram_finish */
    size_t entry_capacity;
    double unk_score;
    int32_t unk; /* -1: unknown text is an error */
    bool byte_fallback;
    bool single;        /* sums are kept as floats, as SentencePiece itself has them */
    int32_t bytes[256]; /* ids of <0xXX>, -1: none */
} assay_unigram;

extern const assay_word_kind assay_unigram_kind;

assay_status assay_unigram_new(assay_unigram **out, assay_error *err); /* released by the kind's release */
assay_status assay_unigram_add(assay_unigram *model, const char *text, size_t size, double score, assay_error *err);
assay_status assay_unigram_finish(assay_unigram *model, const assay_token_map *vocab, int32_t unk, const char *where,
                                  assay_error *err);

/* The piece's text is no longer found in a word; its id keeps its place. After finish. */
void assay_unigram_hide(assay_unigram *model, const char *text, size_t size);

#endif
