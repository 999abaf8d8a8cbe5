/* Reading a tokenizer.json, or a document in its terms that another reader made (document.h), into a
 * tokenizer: assay_json_document_read calls the others. Format: github.com/huggingface/tokenizers. `where` names the
 * file in messages. */
#ifndef ASSAY_TOKENIZER_TOKENIZER_JSON_H
#define ASSAY_TOKENIZER_TOKENIZER_JSON_H

#include "tokenizer/document.h"
#include "tokenizer/pipeline.h"

assay_status assay_json_document_read(assay_tokenizer *tokenizer, const json_t *root, const char *where,
                                      const assay_tokenizer_config *config, assay_error *err);

/* The same of a document that was made; its named tokens become the tokenizer's. */
assay_status assay_json_document_take(assay_tokenizer *tokenizer, const assay_document *document, const char *where,
                                      const assay_tokenizer_config *config, assay_error *err);

/* "model": fills vocab, and sets the pipeline's model. */
assay_status assay_json_model_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model,
                                   const char *where, assay_error *err);

/* "post_processor": ids before and behind a single text. NULL or null: none. */
assay_status assay_json_post_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err);

/* Scores of a Unigram vocabulary that stand in a file, as the reference's JSON reader understands them (json_score.c).
 */
void assay_json_scores_round(const json_t *root);

#endif
