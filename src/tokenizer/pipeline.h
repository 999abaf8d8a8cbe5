/* Normalizer, pre-tokenizer and BPE in a row: the kind of tokenizer that a tokenizer.json or a GGUF's "gpt2" vocabulary
 * describes. */
#ifndef ASSAY_TOKENIZER_PIPELINE_H
#define ASSAY_TOKENIZER_PIPELINE_H

#include "text/pre_tokenizer.h"
#include "text/text_normalizer.h"
#include "tokenizer/bpe_model.h"
#include "tokenizer/tokenizer_kind.h"

typedef struct assay_pipeline {
    assay_normalizer normalizer;
    assay_pre_tokenizer pre;
    assay_bpe_model model;
} assay_pipeline;

/* Makes an empty pipeline the state of a tokenizer. */
assay_status assay_pipeline_new(assay_pipeline **out, assay_tokenizer *tokenizer, assay_error *err);

/* After loading: look-up tables, and the kind's name. */
void assay_pipeline_finish(assay_pipeline *pipeline, assay_tokenizer *tokenizer);

#endif
