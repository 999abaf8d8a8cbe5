/* Something that an audit counts, with the places of the first ones; and how audits print what they counted.
 *
 *     assay_finding finding = {0};
 *     if (assay_finding_count(&finding)) ASSAY_TRY(assay_finding_list(&finding, place, err)); // once for each
 *     ...
 *     object = assay_finding_json(&finding);                       // or as text:
 *     ASSAY_TRY(assay_finding_text(&finding, name, advice, &out, err));
 *     assay_finding_release(&finding);
 */
#ifndef ASSAY_DATA_FINDING_H
#define ASSAY_DATA_FINDING_H

#include "base/json_doc.h"

enum { ASSAY_FINDING_PLACES = 5 };

typedef struct assay_finding {
    size_t count, listed;
    char *places[ASSAY_FINDING_PLACES]; /* "file:line", or "file:line and file:line" where two belong together */
} assay_finding;

/* One more; whether its place would still be listed. */
bool assay_finding_count(assay_finding *finding);

/* Takes the place over, which assay_free will free, after a failure too. NULL: the caller was out of memory making it,
 * and ASSAY_E_MEMORY comes back. Only after assay_finding_count said so. */
assay_status assay_finding_list(assay_finding *finding, char *place, assay_error *err);

void assay_finding_release(assay_finding *finding); /* safe on a zeroed one */

/* {"count", "examples": [places]}; the caller's. NULL: out of memory. */
json_t *assay_finding_json(const assay_finding *finding);

/* Nothing where nothing was found; else a row, the places, and the advice, which may be NULL. */
assay_status assay_finding_text(const assay_finding *finding, const char *name, const char *advice, assay_buf *out,
                                assay_error *err);

/* A row of an audit's table: what, how many. */
assay_status assay_finding_row(const char *name, size_t value, assay_buf *out, assay_error *err);

#endif
