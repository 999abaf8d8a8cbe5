/* Types of packed weights: `block` consecutive elements of a row lie in `bytes` bytes, as small integers with a scale
 * that several share. A type is one file (NAME.c: its layout, how a group is decoded) and one line of the map. Values
 * are decoded in groups of ASSAY_GROUP, the unit that every type here divides into, so that a product may begin inside
 * a block. What a group means is exact: f32 operations in ggml's order, so the values are those of the gguf package's
 * dequantise, bit for bit. All layouts are little endian; scales d and minima m are f16. */
#ifndef ASSAY_QUANT_BLOCK_TYPE_H
#define ASSAY_QUANT_BLOCK_TYPE_H

#include <stddef.h>
#include <stdint.h>

enum { ASSAY_GROUP = 32 };

typedef void (*assay_decode_group)(const uint8_t *src, size_t part, float *dst);
typedef void (*assay_quantise_block)(const float *src, uint8_t *dst);

/* enum name, file and function name, bytes a block, elements a block, number in GGUF, whether the file quantises */
// clang-format off
#define ASSAY_BLOCK_MAP(X)                 \
    X(Q8_0,   q8_0,   34,  32,  8,  MADE)  \
    X(Q4_0,   q4_0,   18,  32,  2,  READ)  \
    X(Q4_1,   q4_1,   20,  32,  3,  READ)  \
    X(Q5_0,   q5_0,   22,  32,  6,  MADE)  \
    X(Q5_1,   q5_1,   24,  32,  7,  MADE)  \
    X(Q2_K,   q2_k,   84,  256, 10, READ)  \
    X(Q3_K,   q3_k,   110, 256, 11, READ)  \
    X(Q4_K,   q4_k,   144, 256, 12, MADE)  \
    X(Q5_K,   q5_k,   176, 256, 13, MADE)  \
    X(Q6_K,   q6_k,   210, 256, 14, MADE)  \
    X(IQ4_NL, iq4_nl, 18,  32,  20, READ)  \
    X(IQ4_XS, iq4_xs, 136, 256, 23, READ)  \
    X(MXFP4,  mxfp4,  17,  32,  39, READ)
// clang-format on

/* Quantisers by that last column: MADE its own, READ none. */
#define ASSAY_QUANTISER_MADE(file) assay_##file##_quantise
#define ASSAY_QUANTISER_READ(file) NULL

/* decode: dst[0 .. ASSAY_GROUP) = elements part * ASSAY_GROUP ... of the block. quantise: a whole block. Bytes may be
 * misaligned. */
#define ASSAY_BLOCK_DECLARE(name, file, ...)                                 \
    void assay_##file##_decode(const uint8_t *src, size_t part, float *dst); \
    void assay_##file##_quantise(const float *src, uint8_t *dst);
ASSAY_BLOCK_MAP(ASSAY_BLOCK_DECLARE)
#undef ASSAY_BLOCK_DECLARE

#endif
