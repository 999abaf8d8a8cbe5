/* The backward direction of the attention operation; see attention.c and attention_backward.c. */
#ifndef ASSAY_OPS_ATTENTION_BACKWARD_H
#define ASSAY_OPS_ATTENTION_BACKWARD_H

#include "ops/op.h"

/* Memory of one worker in words of 4 bytes. */
size_t assay_attention_backward_words(const assay_op_attributes *attr, size_t longest_path);
void assay_attention_backward(const assay_op_run *run);

#endif
