/* Making tokenizer.json and tokenizer_config.json; for tokenizer_save.c. */
#ifndef ASSAY_TOKENIZER_TOKENIZER_SAVE_JSON_H
#define ASSAY_TOKENIZER_TOKENIZER_SAVE_JSON_H

#include "base/json_doc.h"
#include "container/gguf.h"

assay_status assay_tokenizer_save_gguf(const assay_gguf *gguf, const char *to, assay_error *err);

/* merges out of the pieces' scores: every way to cut a piece into two, best score first; a new list of "left right",
 * *out the caller's. types as in GGUF (1 normal, 4 user-defined are cut). */
assay_status assay_merges_from_scores(const assay_gguf *gguf, const json_t *vocab, json_t **out, assay_error *err);

#endif
