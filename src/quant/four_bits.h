/* What NF4 and FP4 share: nibbles, the high one first, that stand for sixteen values times a block's scale. */
#ifndef ASSAY_QUANT_FOUR_BITS_H
#define ASSAY_QUANT_FOUR_BITS_H

#include "quant/parts_type.h"

extern const float assay_nf4_values[16], assay_fp4_values[16];

void assay_four_bits_decode(const float *code, const uint8_t *src, const assay_parts *parts, size_t first, size_t count,
                            float *dst);

#endif
