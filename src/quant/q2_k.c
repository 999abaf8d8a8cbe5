/* Q2_K: scales[16], qs[64], d, m; 16 sub-blocks of 16 elements; value d (s & 15) q - m (s >> 4). Elements of half h
 * (128 of them) lie in qs[32 h ...], the k-th 32 of them two bits further up. (ggml, block_q2_K) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q2_k_decode(const uint8_t *src, size_t part, float *dst)
{
    const uint8_t *scales = src + 2 * part, *q = src + 16 + 32 * (part / 4);
    float d = assay_block_f16(src + 80), m = assay_block_f16(src + 82);
    int shift = 2 * (int)(part % 4);
    for (int sub = 0; sub < 2; sub++) {
        float step = d * (float)(scales[sub] & 15), least = m * (float)(scales[sub] >> 4);
        for (int j = 16 * sub; j < 16 * sub + 16; j++) dst[j] = step * (float)(q[j] >> shift & 3) - least;
    }
}
