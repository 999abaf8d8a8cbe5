/* The scales and minima of Q4_K and Q5_K: eight pairs of six bits in twelve bytes. The first four of each stand whole
 * in the low six bits of bytes 0..3 and 4..7; the last four have their low nibbles in bytes 8..11 (scale low, minimum
 * high) and their upper two bits at the top of bytes 0..7. */
#ifndef ASSAY_QUANT_K_SCALES_H
#define ASSAY_QUANT_K_SCALES_H

#include "quant/k_fit.h"
#include "quant/round.h"

#include <stddef.h>
#include <stdint.h>

static inline void assay_k_scale(const uint8_t *scales, size_t i, int *scale, int *minimum)
{
    *scale = i < 4 ? scales[i] & 63 : (scales[i + 4] & 15) | scales[i - 4] >> 6 << 4;
    *minimum = i < 4 ? scales[i + 4] & 63 : scales[i + 4] >> 4 | scales[i] >> 6 << 4;
}

static inline void assay_put_k_scale(uint8_t *scales, size_t i, int scale, int minimum)
{
    if (i < 4) {
        scales[i] |= (uint8_t)scale;
        scales[i + 4] |= (uint8_t)minimum;
        return;
    }
    scales[i + 4] = (uint8_t)((scale & 15) | (minimum & 15) << 4);
    scales[i - 4] |= (uint8_t)(scale >> 4 << 6);
    scales[i] |= (uint8_t)(minimum >> 4 << 6);
}

/* Fills d, m and scales[12] at dst for 256 elements, and levels[256] in 0 .. count - 1 for the scales as they came to
 * be stored. */
static inline void assay_k_quantise(const float *src, int count, uint8_t *dst, uint8_t *levels)
{
    float scale[8], minimum[8], widest = 0, deepest = 0;
    for (size_t i = 0; i < 8; i++) {
        assay_k_fit(src + 32 * i, 32, count, &scale[i], &minimum[i]);
        widest = fmaxf(widest, scale[i]);
        deepest = fmaxf(deepest, minimum[i]);
    }
    float d = assay_put_f16(dst, widest / 63), m = assay_put_f16(dst + 2, deepest / 63);
    memset(dst + 4, 0, 12);
    for (size_t i = 0; i < 8; i++) {
        int s = assay_level(scale[i] * assay_inverse(d), 0, 63), t = assay_level(minimum[i] * assay_inverse(m), 0, 63);
        float inverse = assay_inverse(d * (float)s), least = m * (float)t;
        assay_put_k_scale(dst + 4, i, s, t);
        for (size_t j = 32 * i; j < 32 * i + 32; j++)
            levels[j] = (uint8_t)assay_level((src[j] + least) * inverse, 0, count - 1);
    }
}

#endif
