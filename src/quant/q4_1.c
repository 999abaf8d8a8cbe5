/* Q4_1: d, m, then nibbles as in Q4_0; value d q + m. (ggml, block_q4_1) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q4_1_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src), m = assay_block_f16(src + 2);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)(src[4 + j] & 15) * d + m;
        dst[j + 16] = (float)(src[4 + j] >> 4) * d + m;
    }
}
