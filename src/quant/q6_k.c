/* Q6_K: ql[128], qh[64], scales[16] (signed), d; 16 sub-blocks of 16; value d s (q - 32). Of a half of 128 elements,
 * the k-th 32 have their low nibbles in ql[64 h + 32 (k % 2) ...] (low half of the byte for k < 2, else high) and bits
 * 2 k of qh[32 h ...]. (ggml, block_q6_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

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
