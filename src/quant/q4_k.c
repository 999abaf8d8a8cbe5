/* Q4_K: d, m, scales[12] (k_scales.h), qs[128]; eight sub-blocks of 32; value d s q - m t. Sub-blocks 2 i and 2 i + 1
 * are the low and high nibbles of qs[32 i ...]. (ggml, block_q4_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/k_scales.h"

void assay_q4_k_decode(const uint8_t *src, size_t part, float *dst)
{
    const uint8_t *q = src + 16 + 32 * (part / 2);
    int scale, minimum, shift = part % 2 ? 4 : 0;
    assay_k_scale(src + 4, part, &scale, &minimum);
    float step = assay_block_f16(src) * (float)scale, least = assay_block_f16(src + 2) * (float)minimum;
    for (int j = 0; j < ASSAY_GROUP; j++) dst[j] = step * (float)(q[j] >> shift & 15) - least;
}

void assay_q4_k_quantise(const float *src, uint8_t *dst)
{
    uint8_t levels[256];
    assay_k_quantise(src, 16, dst, levels);
    for (size_t i = 0; i < 128; i++) {
        const uint8_t *low = levels + 64 * (i / 32) + i % 32;
        dst[16 + i] = (uint8_t)(low[0] | low[32] << 4);
    }
}
