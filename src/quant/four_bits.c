/* A block has more elements than there are values, so each value is scaled and rounded once and then looked up. */
#include "quant/four_bits.h"

#include "base/float16.h"

static void scale_values(const float *code, const assay_parts *parts, size_t block, float *values)
{
    float scale = assay_four_bits_scale(parts, block);
    for (size_t i = 0; i < 16; i++) values[i] = code[i] * scale;
    for (size_t i = 0; parts->round == ASSAY_PARTS_BF16 && i < 16; i++)
        values[i] = assay_bf16_to_f32(assay_f32_to_bf16(values[i]));
    for (size_t i = 0; parts->round == ASSAY_PARTS_F16 && i < 16; i++)
        values[i] = assay_f16_to_f32(assay_f32_to_f16(values[i]));
}

void assay_four_bits_decode(const float *code, const uint8_t *src, const assay_parts *parts, size_t first, size_t count,
                            float *dst)
{
    float values[16];
    for (size_t at = first, end = first + count; at < end;) {
        size_t block = at >> parts->block_shift, border = (block + 1) << parts->block_shift;
        scale_values(code, parts, block, values);
        for (; at < end && at < border; at++) *dst++ = values[at % 2 ? src[at / 2] & 15 : src[at / 2] >> 4];
    }
}
