/* The list of operations, one line each. */
#include "ops/op.h"

static const assay_op *const operations[] = {
    &assay_op_embedding, &assay_op_angles,  &assay_op_rms_norm, &assay_op_layer_norm,
    &assay_op_linear,    &assay_op_regroup, &assay_op_rope,     &assay_op_attention,
    &assay_op_swiglu,    &assay_op_gelu,    &assay_op_add,      &assay_op_gather,
};

const assay_op *assay_op_at(size_t index)
{
    return index < sizeof operations / sizeof *operations ? operations[index] : NULL;
}
