/* One step of a normalizer, for the files that define kinds of steps. A kind is a constant assay_normalizer_kind and
 * its line in text_normalizer.c's list. */
#ifndef ASSAY_TEXT_NORMALIZER_STEP_H
#define ASSAY_TEXT_NORMALIZER_STEP_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "text/charsmap.h"
#include "text/split_pattern.h"

typedef struct assay_normalizer_step {
    const struct assay_normalizer_kind *kind;
    bool compose, compatibility;              /* a Unicode form */
    bool current;                             /* of Unicode 15, not of the reference's 9 */
    bool left, right;                         /* Strip */
    bool clean, chinese, no_accents, lowered; /* BertNormalizer */
    char *content;                            /* Replace, Prepend; owned */
    size_t content_size;
    assay_split_pattern *pattern; /* Replace; owned */
    assay_charsmap charsmap;      /* Precompiled; owned */
} assay_normalizer_step;

typedef struct assay_normalizer_kind {
    const char *name; /* the JSON "type" */
    assay_status (*read)(assay_normalizer_step *step, const json_t *node, const char *where, assay_error *err);
    /* The whole text, normalised, appended to *out. *front becomes false when what stood at the front is gone: a text
     * that no longer begins where the input began gets no prefix "first" (Metaspace). */
    assay_status (*run)(const assay_normalizer_step *step, const char *text, size_t size, assay_buf *out, bool *front,
                        assay_error *err);
} assay_normalizer_kind;

extern const assay_normalizer_kind assay_normalizer_bert, assay_normalizer_strip_accents, assay_normalizer_nmt,
    assay_normalizer_precompiled;

#endif
