/* Q8_0: d, then 32 signed bytes; value d q. (ggml, block_q8_0) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q8_0_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src);
    (void)part;
    for (int j = 0; j < ASSAY_GROUP; j++) dst[j] = (float)(int8_t)src[2 + j] * d;
}
