#include "ops/op.h"

#define ASSAY_OP_ADDRESS(name) &assay_op_##name,
static const assay_op *const operations[] = {ASSAY_OP_MAP(ASSAY_OP_ADDRESS)};
#undef ASSAY_OP_ADDRESS

const assay_op *assay_op_at(size_t index)
{
    return index < sizeof operations / sizeof *operations ? operations[index] : NULL;
}
