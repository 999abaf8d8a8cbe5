/* FP8 (E4M3): a byte is a sign, four bits of exponent (bias 7) and three of fraction, without infinities; 127 and 255
 * are no numbers. (OCP 8-bit Floating Point Specification, revision 1.0) A value is q * s with a scale s for a block of
 * rows and columns, rounded to the type that the weights had. (Transformers, integrations/finegrained_fp8.py,
 * Fp8Dequantize) */
#include "quant/fp8.h"

#include "base/sizes.h"
#include "quant/part_numbers.h"

#include <math.h>

/* The bits as those of an f32 whose exponent is 120 too small; what is below 2^-6 comes right by itself. */
static float wide(uint8_t bits)
{
    uint32_t shifted = (uint32_t)(bits & 127) << 20;
    float magnitude;
    memcpy(&magnitude, &shifted, sizeof magnitude);
    magnitude = shifted == (uint32_t)127 << 20 ? NAN : magnitude * 0x1p120f;
    return bits & 128 ? -magnitude : magnitude;
}

float assay_fp8_scale(const assay_parts *parts, size_t at)
{
    size_t row = at / parts->cols, col = at % parts->cols,
           across = (parts->cols + parts->block_cols - 1) / parts->block_cols,
           index = row / parts->block_rows * across + col / parts->block_cols;
    return assay_part_number(parts->scales, index, parts->scale_type);
}

size_t assay_fp8_run(const assay_parts *parts, size_t at)
{
    size_t col = at % parts->cols;
    return assay_smaller(parts->block_cols - col % parts->block_cols, parts->cols - col);
}

void assay_fp8_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    for (size_t at = first, end = first + count, stop; at < end; at = stop) {
        float scale = assay_fp8_scale(parts, at);
        stop = assay_smaller(at + assay_fp8_run(parts, at), end);
        for (size_t i = at; i < stop; i++) *dst++ = assay_part_rounded(wide(src[i]) * scale, parts->round);
    }
}
