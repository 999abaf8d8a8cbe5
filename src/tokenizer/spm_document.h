/* A tokenizer.model of SentencePiece (also spiece.model, spm.model, sentencepiece.bpe.model) as a document, the way
 * Transformers 5 turns it into a tokenizer: each class of tokenizers has its own, and what names no class it knows gets
 * one that follows the model's own settings. A class has a function in spm_classes.c and a line in
 * spm_class_list.c's list. */
#ifndef ASSAY_TOKENIZER_SPM_DOCUMENT_H
#define ASSAY_TOKENIZER_SPM_DOCUMENT_H

#include "tokenizer/document.h"
#include "tokenizer/sp_model.h"

typedef struct assay_spm {
    assay_sp_model model; /* parsed, not finished */
    assay_token_map pieces;
    const assay_tokenizer_config *config;
    const char *where; /* the file */
    char *bytes;       /* what it holds; the model points into them */
} assay_spm;

/* A model of pieces, unigram or bpe; config and path outlive it. Nothing is to be released after a failure. */
assay_status assay_spm_open(assay_spm *spm, const char *path, const assay_tokenizer_config *config, assay_error *err);
void assay_spm_release(assay_spm *spm);

/* class_name: of tokenizer_config.json, without "Fast"; NULL: none. */
assay_status assay_spm_document(assay_document *document, const char *path, const char *class_name,
                                const assay_tokenizer_config *config, assay_error *err);

/* Models: BPE with merges, Unigram with scores. `by_score`: merges of normal pieces only, ranked by score; else of all
 * pieces, ranked by id. front, behind: pieces in place of the first `skipped` and after the last. NULL: out of memory.
 */
assay_status assay_spm_bpe(json_t **out, const assay_spm *spm, bool by_score, const char *unk, bool fallback,
                           bool ignore_merges, assay_error *err);
json_t *assay_spm_unigram(const assay_spm *spm, const char *const *front, size_t skipped, const char *behind,
                          int64_t unk, bool fallback);

json_t *assay_spm_precompiled(const assay_spm *spm); /* the charsmap as a normalizer; null where it is empty */
json_t *assay_spm_tokens(const assay_spm *spm);      /* control and user-defined pieces as token objects */

typedef assay_status assay_spm_class(assay_document *document, const assay_spm *spm, assay_error *err);
assay_spm_class assay_spm_llama, assay_spm_code_llama, assay_spm_gemma, assay_spm_xlm_roberta, assay_spm_t5,
    assay_spm_deberta_v2, assay_spm_generic;

#endif
