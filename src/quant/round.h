/* How the quantisers of this room round. A NaN becomes the lowest level, so that no input is undefined. */
#ifndef ASSAY_QUANT_ROUND_H
#define ASSAY_QUANT_ROUND_H

#include "base/float16.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static inline int assay_level(float value, int lowest, int highest)
{
    float nearest = roundf(value);
    if (!(nearest > (float)lowest)) return lowest;
    return nearest > (float)highest ? highest : (int)nearest;
}

/* Values over the scale of their block, in -1 .. 1, as bitsandbytes brings them there: whole blocks are multiplied by
 * the inverse, a last one that is short is divided, which differ in the last bit. */
static inline void assay_bring_to_one(const float *src, size_t count, size_t block, float scale, float *dst)
{
    const float divisor = fmaxf(scale, 1e-38f), factor = 1 / divisor;
    for (size_t i = 0; i < count; i++) dst[i] = count == block ? src[i] * factor : src[i] / divisor;
    for (size_t i = 0; i < count; i++) dst[i] = fminf(fmaxf(dst[i], -1), 1);
}

/* 1 / value, 0 where there is none. */
static inline float assay_inverse(float value) { return value < 0 || value > 0 ? 1 / value : 0; }

/* Stores the f16 next to value and returns what was stored, as f32. */
static inline float assay_put_f16(uint8_t *dst, float value)
{
    uint16_t bits = assay_f32_to_f16(value);
    memcpy(dst, &bits, sizeof bits);
    return assay_f16_to_f32(bits);
}

#endif
