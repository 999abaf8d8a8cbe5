/* compressed-tensors' pack-quantized integers: each row's levels stand in its words one after another, of any number of
 * bits; 2^(bits - 1) is added to what they are. Zeros of a group's rows stand in words too, one column of words a
 * group. (compressed-tensors, compressors/pack_quantized/helpers.py, unpack_from_int32) */
#include "quant/grouped.h"

static void read_levels(const uint8_t *src, const assay_parts *parts, size_t row, size_t col, size_t count,
                        uint8_t *levels)
{
    const uint8_t *words = src + 4 * row * assay_packed_words(parts->cols, parts->bits);
    assay_packed_fields(words, 1, col, count, parts->bits, levels);
}

static int read_zero(const assay_parts *parts, size_t row, size_t group)
{
    if (parts->zero_form == ASSAY_ZEROS_BYTES) return assay_grouped_byte_zero(parts, row, group);
    return (int)assay_packed_field(parts->zeros + 4 * group, parts->group_count, row, parts->bits);
}

void assay_ct_packed_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    static const assay_grouped_type type = {.levels = read_levels, .zero = read_zero};
    assay_grouped_decode(&type, src, parts, first, count, dst);
}
