/* Integers of a few bits that share a scale, and mostly a zero, by groups of columns of a row: GPTQ, AWQ,
 * compressed-tensors'. Of each row and group there are one scale and one zero z; level q stands for s * (q - z),
 * rounded to the scales' type: what a product of tensors of that type gives in torch. What is particular to a type is
 * where its levels and zeros lie: two functions, handed to assay_grouped_decode with every run of elements; parts->bits
 * is 1 to 8.
 *
 * A group that a file names wrongly is refused when the weight is put together; one that has changed since is taken for
 * the first, so that nothing outside of the tensors is read. */
#ifndef ASSAY_QUANT_GROUPED_H
#define ASSAY_QUANT_GROUPED_H

#include "quant/parts_type.h"

enum { ASSAY_GROUPED_RUN = 128 };

typedef struct assay_grouped_type {
    /* levels[0 .. count) of columns col .. col + count of a row; count is at most ASSAY_GROUPED_RUN */
    void (*levels)(const uint8_t *src, const assay_parts *parts, size_t row, size_t col, size_t count, uint8_t *levels);
    int (*zero)(const assay_parts *parts, size_t row, size_t group); /* only where parts->zeros */
    bool scales_by_group; /* the scales of a group's rows lie together, not those of a row's groups */
} assay_grouped_type;

void assay_grouped_decode(const assay_grouped_type *type, const uint8_t *src, const assay_parts *parts, size_t first,
                          size_t count, float *dst);

/* The zero of ASSAY_ZEROS_BYTES. */
int assay_grouped_byte_zero(const assay_parts *parts, size_t row, size_t index);

/* Field `index` of so many bits, of fields without a gap in 32-bit words, `stride` words apart, from its lowest bit on.
 */
uint32_t assay_packed_field(const uint8_t *words, size_t stride, size_t index, unsigned bits);

/* The same for count fields from the first on. */
void assay_packed_fields(const uint8_t *words, size_t stride, size_t first, size_t count, unsigned bits,
                         uint8_t *fields);

/* Words that so many fields take. */
static inline size_t assay_packed_words(size_t fields, unsigned bits)
{
    return fields / 32 * bits + (fields % 32 * bits + 31) / 32;
}

static inline uint32_t assay_packed_word(const uint8_t *words, size_t index)
{
    const uint8_t *at = words + 4 * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

#endif
