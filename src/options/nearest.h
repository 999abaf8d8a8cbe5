/* "Did you mean": the distance between two words (insertions, deletions, substitutions, swaps of neighbours; case and
 * the difference of - and _ do not count). A word that begins like the other is nearer than its missing letters say. */
#ifndef ASSAY_OPTIONS_NEAREST_H
#define ASSAY_OPTIONS_NEAREST_H

#include <stddef.h>

typedef struct assay_nearest {
    const char *word;
    size_t length;
    const char *best; /* NULL until something was offered */
    unsigned distance;
} assay_nearest;

void assay_nearest_begin(assay_nearest *nearest, const char *word, size_t length); /* borrows word */
/* borrows; the first of equals stays */
void assay_nearest_offer(assay_nearest *nearest, const char *candidate);

#endif
