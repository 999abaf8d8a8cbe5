/* Q5_K: d, m, scales[12] (k_scales.h), qh[32], qs[128]: Q4_K with a fifth bit, bit `part` of qh[j].
 * (ggml, block_q5_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/k_scales.h"

void assay_q5_k_decode(const uint8_t *src, size_t part, float *dst)
{
    const uint8_t *fifth = src + 16, *q = src + 48 + 32 * (part / 2);
    int scale, minimum, shift = part % 2 ? 4 : 0;
    assay_k_scale(src + 4, part, &scale, &minimum);
    float step = assay_block_f16(src) * (float)scale, least = assay_block_f16(src + 2) * (float)minimum;
    for (int j = 0; j < ASSAY_GROUP; j++)
        dst[j] = step * (float)((q[j] >> shift & 15) | (fifth[j] >> part & 1) << 4) - least;
}

void assay_q5_k_quantise(const float *src, uint8_t *dst)
{
    uint8_t levels[256];
    assay_k_quantise(src, 32, dst, levels);
    memset(dst + 16, 0, 32);
    for (size_t i = 0; i < 256; i++) dst[16 + i % 32] |= (uint8_t)(levels[i] >> 4 << i / 32);
    for (size_t i = 0; i < 128; i++) {
        const uint8_t *low = levels + 64 * (i / 32) + i % 32;
        dst[48 + i] = (uint8_t)((low[0] & 15) | (low[32] & 15) << 4);
    }
}
