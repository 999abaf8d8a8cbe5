/* Which matrices are packed where somebody asks for a packed type, and into which one: for convert --quantize, which
 * writes them, and train --quantize, which has them in memory. Packed or not, a matrix is the same in both. */
#ifndef ASSAY_MODEL_PACK_RULE_H
#define ASSAY_MODEL_PACK_RULE_H

#include "family/architecture.h"
#include "tensor/dtype.h"

/* The type of the matrix `name` of so many columns; ASSAY_F32: it stays as it is. wanted: a block type that is MADE,
 * NF4 or INT8; ASSAY_F32: nothing is packed. */
assay_dtype assay_pack_rule(const assay_architecture *arch, const char *name, size_t cols, assay_dtype wanted);

#endif
