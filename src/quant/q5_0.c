/* Q5_0: d, the fifth bits of the 32 elements in one u32, then nibbles as in Q4_0; value d (q - 16).
 * (ggml, block_q5_0) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/q5_levels.h"
#include "quant/round.h"

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

/* As ggml rounds (quantize_row_q5_0_ref): the element farthest from zero is level 0. */
void assay_q5_0_quantise(const float *src, uint8_t *dst)
{
    float farthest = 0;
    int levels[ASSAY_GROUP];
    for (int j = 0; j < ASSAY_GROUP; j++)
        if (fabsf(src[j]) > fabsf(farthest)) farthest = src[j];
    float d = farthest / -16, inverse = assay_inverse(d);
    assay_put_f16(dst, d);
    for (int j = 0; j < ASSAY_GROUP; j++) levels[j] = assay_cut_level(src[j] * inverse + 16.5f);
    assay_put_q5(dst + 2, levels);
}
