/* Numbers of the tensors beside packed integers: scales in any of three types, and rounding to such a type. */
#ifndef ASSAY_QUANT_PART_NUMBERS_H
#define ASSAY_QUANT_PART_NUMBERS_H

#include "base/float16.h"
#include "quant/parts_type.h"

#include <string.h>

static inline float assay_part_number(const uint8_t *src, size_t index, assay_parts_round type)
{
    uint16_t half;
    float whole;
    if (type == ASSAY_PARTS_F32) {
        memcpy(&whole, src + index * sizeof whole, sizeof whole);
        return whole;
    }
    memcpy(&half, src + index * sizeof half, sizeof half);
    return type == ASSAY_PARTS_BF16 ? assay_bf16_to_f32(half) : assay_f16_to_f32(half);
}

static inline float assay_part_rounded(float value, assay_parts_round type)
{
    if (type == ASSAY_PARTS_BF16) return assay_bf16_to_f32(assay_f32_to_bf16(value));
    return type == ASSAY_PARTS_F16 ? assay_f16_to_f32(assay_f32_to_f16(value)) : value;
}

#endif
