/* Q8_0: d, then 32 signed bytes; value d q. (ggml, block_q8_0) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/round.h"

void assay_q8_0_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src);
    (void)part;
    for (int j = 0; j < ASSAY_GROUP; j++) dst[j] = (float)(int8_t)src[2 + j] * d;
}

/* As ggml rounds (quantize_row_q8_0_ref). */
void assay_q8_0_quantise(const float *src, uint8_t *dst)
{
    float most = 0;
    for (int j = 0; j < ASSAY_GROUP; j++) most = fmaxf(most, fabsf(src[j]));
    float d = most / 127, inverse = assay_inverse(d);
    assay_put_f16(dst, d);
    for (int j = 0; j < ASSAY_GROUP; j++) dst[2 + j] = (uint8_t)(int8_t)assay_level(src[j] * inverse, -127, 127);
}
