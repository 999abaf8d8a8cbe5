/* The BPE model of a tokenizer.json (or a GGUF's "gpt2" vocabulary): one word of characters to ids.
 *
 * As `tokenizers` (models/bpe/model.rs): with ignore_merges a word that is a token is that token; else the word's
 * characters become ids (unknown ones their bytes with byte_fallback, else unk, fused when fuse_unk, else nothing) and
 * are merged. Const after loading. */
#ifndef ASSAY_SUBWORD_BPE_MODEL_H
#define ASSAY_SUBWORD_BPE_MODEL_H

#include "subword/word_model.h"

enum { ASSAY_BPE_QUICK_CODES = 0x400 };

typedef struct assay_bpe_model {
    assay_merge_table merges;
    int32_t unk; /* -1: unknown characters vanish */
    bool fuse_unk, byte_fallback, ignore_merges;
    bool byte_names_plain; /* a word "<0x41>" is six characters even with ignore_merges, as SentencePiece has it */
    int32_t quick[ASSAY_BPE_QUICK_CODES]; /* ids of the first characters, -1: none */
    int32_t bytes[256];                   /* ids of <0xXX>, -1: none */
} assay_bpe_model;

extern const assay_word_kind assay_bpe_kind;

assay_status assay_bpe_model_new(assay_bpe_model **out, assay_error *err); /* released by the kind's release */

/* One merge, in order of rank. The joined text must be in the vocabulary. */
assay_status assay_bpe_model_add_merge(assay_bpe_model *model, const assay_token_map *vocab, const char *left,
                                       size_t left_size, const char *right, size_t right_size, size_t rank,
                                       const char *where, assay_error *err);
/* Rank files: every way to make a token has the token's own rank, and the leftmost of equals comes first. */
void assay_bpe_model_rank_by_result(assay_bpe_model *model);
void assay_bpe_model_finish(assay_bpe_model *model, const assay_token_map *vocab);

#endif
