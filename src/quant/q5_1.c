/* Q5_1: d, m, the fifth bits in one u32, then nibbles as in Q4_0; value d q + m. (ggml, block_q5_1) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/q5_levels.h"
#include "quant/round.h"

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

/* As ggml rounds (quantize_row_q5_1_ref). */
void assay_q5_1_quantise(const float *src, uint8_t *dst)
{
    float least = src[0], most = src[0];
    int levels[ASSAY_GROUP];
    for (int j = 1; j < ASSAY_GROUP; j++) {
        least = fminf(least, src[j]);
        most = fmaxf(most, src[j]);
    }
    float d = (most - least) / 31, inverse = assay_inverse(d);
    assay_put_f16(dst, d);
    assay_put_f16(dst + 2, least);
    for (int j = 0; j < ASSAY_GROUP; j++) levels[j] = assay_cut_level((src[j] - least) * inverse + 0.5f);
    assay_put_q5(dst + 4, levels);
}
