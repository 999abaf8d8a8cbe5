/* Element types, as files name them, and their conversion to f32. Scalar types have block 1. Block types (GGUF) pack
 * `block` consecutive elements of a row into `bytes` bytes; a row's length must be a multiple of the block. Sizes are
 * checked: assay_dtype_bytes fails on overflow and on a ragged block. */
#ifndef ASSAY_TENSOR_DTYPE_H
#define ASSAY_TENSOR_DTYPE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* enum name, safetensors/GGUF name, bytes per block, elements per block */
#define ASSAY_DTYPE_MAP(X)  \
    X(F32, "F32", 4, 1)     \
    X(F16, "F16", 2, 1)     \
    X(BF16, "BF16", 2, 1)   \
    X(F64, "F64", 8, 1)     \
    X(I64, "I64", 8, 1)     \
    X(I32, "I32", 4, 1)     \
    X(I16, "I16", 2, 1)     \
    X(I8, "I8", 1, 1)       \
    X(U64, "U64", 8, 1)     \
    X(U32, "U32", 4, 1)     \
    X(U16, "U16", 2, 1)     \
    X(U8, "U8", 1, 1)       \
    X(BOOL, "BOOL", 1, 1)   \
    X(Q8_0, "Q8_0", 34, 32) \
    X(Q4_0, "Q4_0", 18, 32) \
    X(Q4_1, "Q4_1", 20, 32) \
    X(Q5_0, "Q5_0", 22, 32) \
    X(Q5_1, "Q5_1", 24, 32)

typedef enum assay_dtype {
#define ASSAY_DTYPE_ENUM(name, text, bytes, block) ASSAY_##name,
    ASSAY_DTYPE_MAP(ASSAY_DTYPE_ENUM)
#undef ASSAY_DTYPE_ENUM
        ASSAY_DTYPE_COUNT
} assay_dtype;

const char *assay_dtype_name(assay_dtype dtype);
bool assay_dtype_from_name(const char *name, assay_dtype *out); /* scalar names only, as in safetensors */
size_t assay_dtype_block(assay_dtype dtype);
size_t assay_dtype_block_bytes(assay_dtype dtype);
bool assay_dtype_bytes(assay_dtype dtype, size_t elements, size_t *bytes);

/* True for what can be a weight: F32, F16, BF16, F64 and the block types. */
bool assay_dtype_is_weight(assay_dtype dtype);

/* Converts `count` elements (a multiple of the block) to f32. Exact for F16, BF16 and F32; F64 rounds to nearest even.
 * src may be misaligned. Only for dtypes with assay_dtype_is_weight. */
void assay_dtype_to_f32(assay_dtype dtype, const void *src, float *dst, size_t count);

float assay_f16_to_f32(uint16_t half);
uint16_t assay_f32_to_f16(float value); /* nearest even */
float assay_bf16_to_f32(uint16_t bits);
uint16_t assay_f32_to_bf16(float value); /* nearest even; NaN stays NaN */

#endif
