/* One word to ids: what the models of a tokenizer.json have in common (BPE, Unigram, WordPiece, WordLevel). A kind is
 * one file with a constant assay_word_kind and its line in json_model.c's list; a pipeline runs it for every word that
 * its pre-tokenizer cuts. A model is const after loading; each thread brings its own work space. */
#ifndef ASSAY_SUBWORD_WORD_MODEL_H
#define ASSAY_SUBWORD_WORD_MODEL_H

#include "subword/bpe_merge.h"
#include "subword/ids.h"
#include "subword/token_map.h"

/* What encoding needs beside the model; grows and is kept from word to word. */
typedef struct assay_word_work {
    assay_merge_scratch scratch;
    assay_ids symbols;
    struct assay_unigram_node *path; /* one for each end of a piece */
    size_t path_capacity;
    uint64_t steps; /* bytes of pieces walked so far: what the time of Unigram and WordPiece hangs on */
} assay_word_work;

typedef struct assay_word_kind {
    const char *name; /* "unigram", ... as assay_tokenizer_info shows it */
    /* Ids of a word of valid UTF-8, appended. */
    assay_status (*encode)(const void *model, const assay_token_map *vocab, const char *word, size_t size,
                           assay_word_work *work, assay_ids *ids, assay_error *err);
    void (*release)(void *model); /* frees the model too; NULL is fine */
} assay_word_kind;

static inline void assay_word_work_release(assay_word_work *work)
{
    assay_merge_scratch_release(&work->scratch);
    assay_ids_release(&work->symbols);
    assay_free(work->path);
    *work = (assay_word_work){0};
}

#endif
