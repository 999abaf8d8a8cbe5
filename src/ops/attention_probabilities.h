/* The probabilities that the attention operation never stores, for whoever asks to see them.
 *
 * q and k are a step's rotated inputs (operand ranges applied), of one segment without parent. out [heads, rows, rows]:
 * row i of head h holds the softmax over the positions it sees, zero beyond. Same kernels as the
 * operation, one row at a time. */
#ifndef ASSAY_OPS_ATTENTION_PROBABILITIES_H
#define ASSAY_OPS_ATTENTION_PROBABILITIES_H

#include "ops/op.h"

void assay_attention_probabilities(const assay_kernels *kernels, const assay_op_attributes *attr, const assay_view *q,
                                   const assay_view *k, const assay_segment *segment, float *out);

#endif
