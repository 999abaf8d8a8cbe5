/* The probabilities that the attention operation never stores, for whoever asks to see them.
 *
 * q and k are a step's rotated inputs (operand ranges applied), rows of one segment without parent starting at `first`.
 * out [heads, rows, rows]: row i of head h holds the softmax over positions 0..i, zero beyond. Same kernels as the
 * operation, one row at a time. */
#ifndef ASSAY_OPS_ATTENTION_PROBABILITIES_H
#define ASSAY_OPS_ATTENTION_PROBABILITIES_H

#include "ops/op.h"

void assay_attention_probabilities(const assay_kernels *kernels, const assay_op_attributes *attr, const assay_view *q,
                                   const assay_view *k, size_t first, size_t rows, float *out);

#endif
