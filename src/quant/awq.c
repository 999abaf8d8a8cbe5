/* AWQ in the order of its "gemm" version: of each column (an input) the levels of eight rows (outputs) stand in one
 * word, even rows in its low half, odd ones in its high half; the zeros of a group's rows likewise. Four bits each.
 * (AutoAWQ, utils/packing_utils.py, dequantize_gemm) */
#include "quant/grouped.h"

/* Where a row's level lies in its word. */
static unsigned place_of(size_t row) { return (unsigned)(4 * (row % 8 / 2 + row % 2 * 4)); }

static void read_levels(const uint8_t *src, const assay_parts *parts, size_t row, size_t col, size_t count,
                        uint8_t *levels)
{
    const size_t words = parts->rows / 8;
    const unsigned place = place_of(row);
    for (size_t i = 0; i < count; i++)
        levels[i] = (uint8_t)(assay_packed_word(src, (col + i) * words + row / 8) >> place & 15);
}

static int read_zero(const assay_parts *parts, size_t row, size_t group)
{
    return (int)(assay_packed_word(parts->zeros, group * (parts->rows / 8) + row / 8) >> place_of(row) & 15);
}

void assay_awq_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    static const assay_grouped_type type = {.levels = read_levels, .zero = read_zero, .scales_by_group = true};
    assay_grouped_decode(&type, src, parts, first, count, dst);
}
