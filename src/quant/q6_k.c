/* Q6_K: ql[128], qh[64], scales[16] (signed), d; 16 sub-blocks of 16; value d s (q - 32). Of a half of 128 elements,
 * the k-th 32 have their low nibbles in ql[64 h + 32 (k % 2) ...] (low half of the byte for k < 2, else high) and bits
 * 2 k of qh[32 h ...]. (ggml, block_q6_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/k_fit.h"
#include "quant/round.h"

void assay_q6_k_decode(const uint8_t *src, size_t part, float *dst)
{
    size_t half = part / 4, k = part % 4;
    const uint8_t *low = src + 64 * half + 32 * (k % 2), *high = src + 128 + 32 * half, *scales = src + 192 + 2 * part;
    float d = assay_block_f16(src + 208);
    int shift = k < 2 ? 0 : 4, up = 2 * (int)k;
    for (int sub = 0; sub < 2; sub++) {
        float step = d * (float)(int8_t)scales[sub];
        for (int j = 16 * sub; j < 16 * sub + 16; j++)
            dst[j] = step * (float)(((low[j] >> shift & 15) | (high[j] >> up & 3) << 4) - 32);
    }
}

static void put_level(uint8_t *dst, size_t at, int level)
{
    size_t half = at / 128, k = at / 32 % 4, j = at % 32;
    dst[64 * half + 32 * (k % 2) + j] |= (uint8_t)((level & 15) << (k < 2 ? 0 : 4));
    dst[128 + 32 * half + j] |= (uint8_t)(level >> 4 << 2 * k);
}

void assay_q6_k_quantise(const float *src, uint8_t *dst)
{
    float scale[16], farthest = 0;
    memset(dst, 0, 208);
    for (size_t i = 0; i < 16; i++) {
        scale[i] = assay_k_fit_even(src + 16 * i, 16, 32);
        if (fabsf(scale[i]) > fabsf(farthest)) farthest = scale[i];
    }
    float d = assay_put_f16(dst + 208, farthest / -128);
    for (size_t i = 0; i < 16; i++) {
        int s = assay_level(scale[i] * assay_inverse(d), -128, 127);
        float inverse = assay_inverse(d * (float)s);
        dst[192 + i] = (uint8_t)(int8_t)s;
        for (size_t j = 16 * i; j < 16 * i + 16; j++) put_level(dst, j, assay_level(src[j] * inverse, -32, 31) + 32);
    }
}
