/* compressed-tensors' integers that have a byte each (int-quantized, naive-quantized): levels are made of them by 128.
 * (compressed-tensors, compressors/naive_quantized/base.py) */
#include "quant/grouped.h"

static void read_levels(const uint8_t *src, const assay_parts *parts, size_t row, size_t col, size_t count,
                        uint8_t *levels)
{
    const uint8_t *from = src + row * parts->cols + col;
    for (size_t i = 0; i < count; i++) levels[i] = from[i] ^ 128;
}

void assay_ct_int8_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    static const assay_grouped_type type = {.levels = read_levels, .zero = assay_grouped_byte_zero};
    assay_grouped_decode(&type, src, parts, first, count, dst);
}
