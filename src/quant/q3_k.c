/* Q3_K: hmask[32], qs[64], scales[12], d; 16 sub-blocks of 16 elements; value d (s - 32) (q - 4), where q's third bit
 * stands in hmask, bit `part` of byte j. The 16 scales of six bits: low nibbles in scales[0..7] (s_i low, s_i+8 high
 * half of byte i), upper two bits in scales[8..11], s_i at bits 2 (i / 4) of byte 8 + i % 4. (ggml, block_q3_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

static int scale(const uint8_t *scales, size_t i)
{
    int low = i < 8 ? scales[i] & 15 : scales[i - 8] >> 4, high = scales[8 + i % 4] >> 2 * (i / 4) & 3;
    return (low | high << 4) - 32;
}

void assay_q3_k_decode(const uint8_t *src, size_t part, float *dst)
{
    const uint8_t *q = src + 32 + 32 * (part / 4), *scales = src + 96;
    float d = assay_block_f16(src + 108);
    int shift = 2 * (int)(part % 4);
    for (size_t sub = 0; sub < 2; sub++) {
        float step = d * (float)scale(scales, 2 * part + sub);
        for (size_t j = 16 * sub; j < 16 * sub + 16; j++)
            dst[j] = step * (float)((q[j] >> shift & 3) - (src[j] >> part & 1 ? 0 : 4));
    }
}
