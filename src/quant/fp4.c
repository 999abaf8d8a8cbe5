/* FP4: a sign, two bits of exponent, one of mantissa, as bitsandbytes has them: twelfths, so that the largest is 1.
 * (bitsandbytes, functional.py, get_4bit_type) */
#include "quant/four_bits.h"

const float assay_fp4_values[16] = {
    0.0f,  0.0625f / 12.0f,  8.0f / 12.0f,  1.0f,  4.0f / 12.0f,  0.5f,  2.0f / 12.0f,  0.25f,
    -0.0f, -0.0625f / 12.0f, -8.0f / 12.0f, -1.0f, -4.0f / 12.0f, -0.5f, -2.0f / 12.0f, -0.25f};

void assay_fp4_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    assay_four_bits_decode(assay_fp4_values, src, parts, first, count, dst);
}
