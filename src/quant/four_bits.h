/* What NF4 and FP4 share: nibbles, the high one first, that stand for sixteen values times a block's scale. */
#ifndef ASSAY_QUANT_FOUR_BITS_H
#define ASSAY_QUANT_FOUR_BITS_H

#include "quant/parts_type.h"

#include <string.h>

extern const float assay_nf4_values[16], assay_fp4_values[16];

static inline float assay_parts_f32(const uint8_t *src, size_t index)
{
    float value;
    memcpy(&value, src + index * sizeof value, sizeof value);
    return value;
}

/* A block's scale. */
static inline float assay_four_bits_scale(const assay_parts *parts, size_t block)
{
    if (!parts->map) return assay_parts_f32(parts->scales, block);
    return assay_parts_f32(parts->map, parts->scales[block]) *
               assay_parts_f32(parts->map_scales, block >> parts->map_shift) +
           parts->offset;
}

void assay_four_bits_decode(const float *code, const uint8_t *src, const assay_parts *parts, size_t first, size_t count,
                            float *dst);

#endif
