/* Dropout that needs no memory: whether an element is kept is a function of what the element is.
 *
 * Counted by (seed, step, site, tree, segment in its tree, position, feature): a replayed step drops the same elements,
 * and neither the place in the batch nor the number of threads has a say. A prompt shared by two answers has one mask.
 */
#ifndef ASSAY_OPS_DROPOUT_H
#define ASSAY_OPS_DROPOUT_H

#include "ops/op.h"

/* y[row] = x[row] * kept / (1 - p), element by element, for all rows of input 0's space (a scored row has the mask of
 * its token); y may be x. */
void assay_dropout_rows(const assay_op_run *run, assay_view x, assay_view y);

#endif
