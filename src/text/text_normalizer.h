/* The normalizer of a tokenizer.json: a list of steps, each text to text.
 *
 * Types: Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, BertNormalizer, Precompiled,
 * Nmt. Others are refused by name. Const after loading. */
#ifndef ASSAY_TEXT_TEXT_NORMALIZER_H
#define ASSAY_TEXT_TEXT_NORMALIZER_H

#include "base/buf.h"
#include "base/json_doc.h"

typedef struct assay_normalizer {
    struct assay_normalizer_step *steps;
    size_t count, capacity;
} assay_normalizer;

void assay_normalizer_release(assay_normalizer *normalizer);

/* node: the JSON object, or NULL/null for none. */
assay_status assay_normalizer_read(assay_normalizer *normalizer, const json_t *node, const char *where,
                                   assay_error *err);

/* Forms of Unicode 15 instead of the reference's 9: what Python's unicodedata does. */
void assay_normalizer_make_current(assay_normalizer *normalizer);

/* text -> *out (replaced); `spare` is a second buffer to work in. Both are initialised by the caller. *front becomes
 * false when the text's first character was taken away (not: replaced). */
assay_status assay_normalizer_run(const assay_normalizer *normalizer, const char *text, size_t size, assay_buf *out,
                                  assay_buf *spare, bool *front, assay_error *err);

/* One of the four Unicode forms, appended to *out; current: as for assay_normalizer_make_current. */
assay_status assay_unicode_form(const char *text, size_t size, bool compose, bool compatibility, bool current,
                                assay_buf *out, assay_error *err);

#endif
