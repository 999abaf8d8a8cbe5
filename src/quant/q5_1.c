/* Q5_1: d, m, the fifth bits in one u32, then nibbles as in Q4_0; value d q + m. (ggml, block_q5_1) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q5_1_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src), m = assay_block_f16(src + 2);
    uint32_t fifth = assay_block_u32(src + 4);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)((src[8 + j] & 15) | (int)((fifth >> j & 1u) << 4)) * d + m;
        dst[j + 16] = (float)((src[8 + j] >> 4) | (int)((fifth >> (j + 16) & 1u) << 4)) * d + m;
    }
}
