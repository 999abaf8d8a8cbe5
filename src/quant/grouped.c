/* Up to four bits there are no more levels than a group has columns, so each level's value is computed once for a group
 * and then looked up. A run ends where the group does, or a row. */
#include "quant/grouped.h"

#include "base/sizes.h"
#include "quant/part_numbers.h"

enum { MOST_LEVELS = 16, WORD = 32 };

/* One group of one row. */
typedef struct group {
    float scale;
    int zero;
    float values[MOST_LEVELS];
    bool looked_up;
} group;

uint32_t assay_packed_field(const uint8_t *words, size_t stride, size_t index, unsigned bits)
{
    size_t word = index * bits / WORD;
    unsigned at = (unsigned)(index * bits % WORD), mask = (1u << bits) - 1;
    uint32_t field = assay_packed_word(words, word * stride) >> at;
    if (at + bits > WORD) field |= assay_packed_word(words, (word + 1) * stride) << (WORD - at);
    return field & mask;
}

/* Fields that no word's border cuts: a word at a time. */
static void read_whole(const uint8_t *words, size_t stride, size_t first, size_t count, unsigned bits, uint8_t *fields)
{
    const size_t each = WORD / bits;
    const uint32_t mask = (1u << bits) - 1;
    for (size_t i = 0; i < count;) {
        size_t at = (first + i) % each;
        uint32_t word = assay_packed_word(words, (first + i) / each * stride) >> (at * bits);
        for (; at < each && i < count; at++, word >>= bits) fields[i++] = (uint8_t)(word & mask);
    }
}

void assay_packed_fields(const uint8_t *words, size_t stride, size_t first, size_t count, unsigned bits,
                         uint8_t *fields)
{
    if (WORD % bits == 0) read_whole(words, stride, first, count, bits, fields);
    else
        for (size_t i = 0; i < count; i++) fields[i] = (uint8_t)assay_packed_field(words, stride, first + i, bits);
}

int assay_grouped_byte_zero(const assay_parts *parts, size_t row, size_t index)
{
    return (int8_t)parts->zeros[row / parts->block_rows * parts->group_count + index] + (1 << (parts->bits - 1));
}

static size_t group_of(const assay_parts *parts, size_t col)
{
    if (!parts->groups) return col / parts->block_cols;
    size_t named = assay_packed_word(parts->groups, col);
    return named < parts->group_count ? named : 0;
}

/* Columns from col on that are of its group, itself among them. */
static size_t length_of(const assay_parts *parts, size_t col, size_t most)
{
    size_t length = 1, first = group_of(parts, col);
    if (!parts->groups) return assay_smaller(parts->block_cols - col % parts->block_cols, most);
    while (length < most && group_of(parts, col + length) == first) length++;
    return length;
}

static void open_group(const assay_grouped_type *type, const assay_parts *parts, size_t row, size_t index, bool table,
                       group *out)
{
    size_t at =
        type->scales_by_group ? index * parts->rows + row : row / parts->block_rows * parts->group_count + index;
    out->scale = assay_part_number(parts->scales, at, parts->scale_type);
    out->zero = parts->zeros ? type->zero(parts, row, index) : 1 << (parts->bits - 1);
    out->looked_up = table && parts->bits <= 4;
    for (int level = 0; out->looked_up && level < 1 << parts->bits; level++)
        out->values[level] = assay_part_rounded((float)(level - out->zero) * out->scale, parts->scale_type);
}

static void put(const group *g, const assay_parts *parts, const uint8_t *levels, size_t count, float *dst)
{
    if (g->looked_up)
        for (size_t i = 0; i < count; i++) dst[i] = g->values[levels[i]];
    else
        for (size_t i = 0; i < count; i++)
            dst[i] = assay_part_rounded((float)(levels[i] - g->zero) * g->scale, parts->scale_type);
}

static void decode_row(const assay_grouped_type *type, const uint8_t *src, const assay_parts *parts, size_t row,
                       size_t col, size_t count, float *dst)
{
    uint8_t levels[ASSAY_GROUPED_RUN];
    group g;
    for (size_t end = col + count; col < end;) {
        size_t length = length_of(parts, col, end - col);
        open_group(type, parts, row, group_of(parts, col), length >= MOST_LEVELS, &g);
        for (size_t border = col + length, taken; col < border; col += taken, dst += taken) {
            taken = assay_smaller(border - col, ASSAY_GROUPED_RUN);
            type->levels(src, parts, row, col, taken, levels);
            put(&g, parts, levels, taken, dst);
        }
    }
}

void assay_grouped_decode(const assay_grouped_type *type, const uint8_t *src, const assay_parts *parts, size_t first,
                          size_t count, float *dst)
{
    for (size_t at = first, end = first + count, taken; at < end; at += taken, dst += taken) {
        size_t col = at % parts->cols;
        taken = assay_smaller(parts->cols - col, end - at);
        decode_row(type, src, parts, at / parts->cols, col, taken, dst);
    }
}
