/* Q5_0: d, the fifth bits of the 32 elements in one u32, then nibbles as in Q4_0; value d (q - 16).
 * (ggml, block_q5_0) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q5_0_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src);
    uint32_t fifth = assay_block_u32(src + 2);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)(((src[6 + j] & 15) | (int)((fifth >> j & 1u) << 4)) - 16) * d;
        dst[j + 16] = (float)(((src[6 + j] >> 4) | (int)((fifth >> (j + 16) & 1u) << 4)) - 16) * d;
    }
}
