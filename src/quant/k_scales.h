/* The scales and minima of Q4_K and Q5_K: eight pairs of six bits in twelve bytes. The first four of each stand whole
 * in the low six bits of bytes 0..3 and 4..7; the last four have their low nibbles in bytes 8..11 (scale low, minimum
 * high) and their upper two bits at the top of bytes 0..7. */
#ifndef ASSAY_QUANT_K_SCALES_H
#define ASSAY_QUANT_K_SCALES_H

#include <stddef.h>
#include <stdint.h>

static inline void assay_k_scale(const uint8_t *scales, size_t i, int *scale, int *minimum)
{
    *scale = i < 4 ? scales[i] & 63 : (scales[i + 4] & 15) | scales[i - 4] >> 6 << 4;
    *minimum = i < 4 ? scales[i + 4] & 63 : scales[i + 4] >> 4 | scales[i] >> 6 << 4;
}

/* Fills d, m and scales[12] at dst for 256 elements, and levels[256] in 0 .. count - 1 for the scales as they came to
 * be stored. */
void assay_k_quantise(const float *src, int count, uint8_t *dst, uint8_t *levels);

#endif
