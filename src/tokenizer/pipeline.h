/* Normalizer, pre-tokenizer and a model of words in a row: the kind of tokenizer that a tokenizer.json, or what can be
 * put in its terms, describes.
 *
 *     ASSAY_TRY(assay_pipeline_new(&pipeline, tokenizer, err)); // an empty one, already the tokenizer's state
 *     pipeline->words = words;
 *     pipeline->model = model; // owned by the pipeline from here on
 *     assay_pipeline_finish(pipeline, tokenizer); // the kind's name
 */
#ifndef ASSAY_TOKENIZER_PIPELINE_H
#define ASSAY_TOKENIZER_PIPELINE_H

#include "subword/word_model.h"
#include "text/pre_tokenizer.h"
#include "text/text_normalizer.h"
#include "tokenizer/tokenizer_kind.h"

typedef struct assay_pipeline {
    assay_normalizer normalizer;
    assay_pre_tokenizer pre;
    const assay_word_kind *words; /* NULL: no model yet */
    void *model;
} assay_pipeline;

/* Makes an empty pipeline the state of a tokenizer. */
assay_status assay_pipeline_new(assay_pipeline **out, assay_tokenizer *tokenizer, assay_error *err);

/* After loading. */
void assay_pipeline_finish(assay_pipeline *pipeline, assay_tokenizer *tokenizer);

#endif
