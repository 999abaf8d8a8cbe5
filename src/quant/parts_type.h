/* Types of packed weights that consist of several tensors: integers and, beside them, what they are scaled by. A type
 * is one file (NAME.c) and one line of the map. NF4, FP4, INT8 (bitsandbytes) and FP8 lie row after row without a gap
 * (a block of NF4 may begin in one row and end in the next); of GPTQ and AWQ (quant/grouped.h), in an order of their
 * own. What a value is, is exact: f32 operations in the order of bitsandbytes/functional.py (dequantize_4bit,
 * int8_vectorwise_dequant), of Transformers' for FP8, or of what grouped.h names, so the values are theirs, bit for
 * bit.
 */
#ifndef ASSAY_QUANT_PARTS_TYPE_H
#define ASSAY_QUANT_PARTS_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is rounded to when it is decoded: the type that the weights had before they were packed. */
typedef enum assay_parts_round { ASSAY_PARTS_F32, ASSAY_PARTS_F16, ASSAY_PARTS_BF16 } assay_parts_round;

enum { ASSAY_PARTS_MAP_BYTES = 1024 }; /* 256 f32 */

/* Of integers in groups: how the levels that stand for 0 are stored. */
typedef enum assay_parts_zeros {
    ASSAY_ZEROS_PACKED,   /* as the levels themselves */
    ASSAY_ZEROS_LESS_ONE, /* the same, one less than they are (GPTQ's first format) */
    ASSAY_ZEROS_BYTES     /* a signed byte a scale; the middle level is added */
} assay_parts_zeros;

/* The tensors beside the integers. All are borrowed, little endian, and may be misaligned. */
typedef struct assay_parts {
    const uint8_t *scales; /* NF4, FP4: absmax of every block, f32, or one byte where nested; INT8: SCB of every row;
                              FP8: a factor of every block, block row by block row */
    /* nested: byte q of block b stands for map[q] * map_scales[b >> map_shift] + offset; NULL: not nested */
    const uint8_t *map, *map_scales;
    float offset;
    unsigned block_shift, map_shift; /* a block has 1 << block_shift elements */
    assay_parts_round round;
    size_t cols;                         /* of all but NF4 and FP4: elements a row */
    size_t block_rows, block_cols;       /* FP8: of a block that shares a scale; blocks at the ends are cut */
    assay_parts_round scale_type;        /* FP8, integers in groups: of scales */
    size_t scale_bytes, map_scale_bytes; /* of scales and map_scales; map has ASSAY_PARTS_MAP_BYTES */
    /* Integers in groups of columns (grouped.h): block_cols after another, or those that `groups` says. */
    const uint8_t *zeros;  /* levels that stand for 0; NULL: the middle one */
    const uint8_t *groups; /* the group of every column, I32, in any order; NULL: none of its own */
    size_t zero_bytes, group_bytes, group_count;
    size_t rows;
    unsigned bits; /* of an integer; 0: of all other types */
    assay_parts_zeros zero_form;
} assay_parts;

/* enum name, file and function name, bytes, and elements in them (GPTQ, CT_PACKED: most often); CT is
 * compressed-tensors */
// clang-format off
#define ASSAY_PARTS_MAP(X)        \
    X(NF4,       nf4,       1, 2) \
    X(FP4,       fp4,       1, 2) \
    X(INT8,      int8,      1, 1) \
    X(FP8,       fp8,       1, 1) \
    X(GPTQ,      gptq,      1, 2) \
    X(AWQ,       awq,       1, 2) \
    X(CT_PACKED, ct_packed, 1, 2) \
    X(CT_INT8,   ct_int8,   1, 1)
// clang-format on

typedef void (*assay_decode_parts)(const uint8_t *src, const assay_parts *parts, size_t first, size_t count,
                                   float *dst);

/* dst[0 .. count) = elements first .. first + count of the matrix, counted over all its rows. */
#define ASSAY_PARTS_DECLARE(name, file, ...) \
    void assay_##file##_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst);
ASSAY_PARTS_MAP(ASSAY_PARTS_DECLARE)
#undef ASSAY_PARTS_DECLARE

#endif
