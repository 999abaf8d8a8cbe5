/* AdamW's moments in slices, one a process: which values of which weight are whose.
 *
 * The weights' values are counted one weight behind the other. A slice begins at the first chunk of
 * ASSAY_OPTIMIZER_CHUNK values of a weight before which there are at least as many bytes of moments as are its share,
 * so slices take the same memory but for a chunk; the last ones may be empty. Chunks are those that the norm is summed
 * by and hold whole blocks of packed moments, so no bit of a step depends on the number of slices.
 *
 *     assay_moment_slices slices;
 *     ASSAY_TRY(assay_moment_slices_make(&slices, weights, count, processes, err));
 *     assay_moment_slices_part(&slices, slice, first, weights[i].count, &begin, &end); // first: of all values
 *     assay_moment_slices_release(&slices);
 */
#ifndef ASSAY_OPTIM_MOMENT_SLICES_H
#define ASSAY_OPTIM_MOMENT_SLICES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A trained weight as far as slices ask. */
typedef struct assay_sliced_weight {
    size_t count; /* values */
    bool packed;  /* its moments are bytes */
    size_t width; /* bytes of a value of the weight itself */
} assay_sliced_weight;

/* Where slice s begins, in bytes, and at [count] where the last one ends: of the gradients (floats), of the weights as
 * they are packed for a message, and of the doubles that are the chunks' sums of squares. */
typedef struct assay_moment_slices {
    size_t count;
    size_t *gradients, *weights, *squares;
} assay_moment_slices;

/* Of one weight: how many of its values come before a slice. before, total: bytes of the moments of the weights before
 * it, and of all. */
size_t assay_moment_border(const assay_sliced_weight *weight, size_t before, size_t total, size_t slices, size_t slice);

/* slices: at least 1. On failure there is nothing to release. */
assay_status assay_moment_slices_make(assay_moment_slices *out, const assay_sliced_weight *weights, size_t count,
                                      size_t slices, assay_error *err);
void assay_moment_slices_release(assay_moment_slices *slices); /* safe on a zeroed one */

/* What a slice has of a weight: its values from *begin to *end; both are its count where that is none. first: the
 * number of its first value among all. */
void assay_moment_slices_part(const assay_moment_slices *slices, size_t slice, size_t first, size_t count,
                              size_t *begin, size_t *end);

#endif
