#include "quant/parts_make.h"

#include "quant/four_bits.h"
#include "quant/round.h"

float assay_parts_largest(const float *src, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(src[i]));
    return most;
}

void assay_nf4_levels(const float *src, size_t count, float scale, uint8_t *levels)
{
    float values[ASSAY_NF4_BLOCK];
    assay_bring_to_one(src, count, ASSAY_NF4_BLOCK, scale, values);
    for (size_t i = 0; i < count; i++) levels[i] = 0;
    for (size_t level = 0; level < 15; level++) {
        float border = (assay_nf4_values[level] + assay_nf4_values[level + 1]) / 2;
        for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)(levels[i] + (border < values[i]));
    }
}

void assay_int8_round(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = assay_f16_to_f32(assay_f32_to_f16(values[i]));
}

void assay_int8_levels(const float *src, size_t count, float scale, uint8_t *levels)
{
    float factor = scale > 0 ? 1 / scale * 127 : 0; /* torch divides a number by a tensor in this way */
    for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)(int8_t)rintf(src[i] * factor);
}
