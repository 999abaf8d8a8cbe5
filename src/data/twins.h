/* Records that say again what an earlier one says, or its opposite.
 *
 *     assay_twins twins;
 *     ASSAY_TRY(assay_twins_find(&twins, pairs, err));
 *     bool repeats = twins.same[7] != ASSAY_HASH_NONE; // pair 7 says again what pair twins.same[7] says
 *     assay_twins_release(&twins);
 *
 * Pairs and lists are the same where they have the same answers in the same order; they contradict each other where
 * they have the same answers and one of two is better in the one, worse in the other. An answer with a label, or with
 * attributes, is the same where its label is, too, and is contradicted by the same answer with another label: good and
 * not good, or another value of an attribute.
 */
#ifndef ASSAY_DATA_TWINS_H
#define ASSAY_DATA_TWINS_H

#include "data/hash_index.h"
#include "data/pair_set.h"

typedef struct assay_twins {
    uint32_t *same, *opposite; /* one a pair of the set: the earlier one's index, ASSAY_HASH_NONE: there is none */
} assay_twins;

/* After a failure there is nothing to release. */
assay_status assay_twins_find(assay_twins *twins, const assay_pair_set *set, assay_error *err);
void assay_twins_release(assay_twins *twins); /* safe on a zeroed one */

#endif
