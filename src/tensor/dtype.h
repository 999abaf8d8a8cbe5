/* Element types, as files name them, and their conversion to f32. Scalar types have block 1. Block types (GGUF) pack
 * `block` consecutive elements of a row into `bytes` bytes; a row's length must be a multiple of the block. Types of
 * several tensors (bitsandbytes) are no file's: checkpoint/ makes one of what a file has; their rows lie close, and
 * they are decoded through tensor/stored.h alone. Both are packed. Sizes are checked: assay_dtype_bytes fails on
 * overflow and on a ragged block. */
#ifndef ASSAY_TENSOR_DTYPE_H
#define ASSAY_TENSOR_DTYPE_H

#include "base/float16.h"
#include "base/status.h"
#include "quant/block_type.h"
#include "quant/parts_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* enum name, name in safetensors and GGUF, bytes, number in GGUF (-1: none). Packed types: quant/block_type.h,
 * quant/parts_type.h. */
#define ASSAY_SCALAR_MAP(X)      \
    X(F32, "F32", 4, 0)          \
    X(F16, "F16", 2, 1)          \
    X(BF16, "BF16", 2, 30)       \
    X(F64, "F64", 8, 28)         \
    X(I64, "I64", 8, -1)         \
    X(I32, "I32", 4, -1)         \
    X(I16, "I16", 2, -1)         \
    X(I8, "I8", 1, -1)           \
    X(U64, "U64", 8, -1)         \
    X(U32, "U32", 4, -1)         \
    X(U16, "U16", 2, -1)         \
    X(U8, "U8", 1, -1)           \
    X(F8_E4M3, "F8_E4M3", 1, -1) \
    X(BOOL, "BOOL", 1, -1)

typedef enum assay_dtype {
#define ASSAY_DTYPE_ENUM(name, ...) ASSAY_##name,
    ASSAY_SCALAR_MAP(ASSAY_DTYPE_ENUM) ASSAY_BLOCK_MAP(ASSAY_DTYPE_ENUM) ASSAY_PARTS_MAP(ASSAY_DTYPE_ENUM)
#undef ASSAY_DTYPE_ENUM
        ASSAY_DTYPE_COUNT
} assay_dtype;

const char *assay_dtype_name(assay_dtype dtype);
bool assay_dtype_from_name(const char *name, assay_dtype *out); /* scalar names only, as in safetensors */
bool assay_dtype_from_gguf(uint32_t number, assay_dtype *out);
bool assay_dtype_to_gguf(assay_dtype dtype, uint32_t *number); /* false: GGUF has no such weights */
size_t assay_dtype_block(assay_dtype dtype);
size_t assay_dtype_block_bytes(assay_dtype dtype);
bool assay_dtype_bytes(assay_dtype dtype, size_t elements, size_t *bytes);

/* Bytes of so many elements that lie in a row, a multiple of the block. */
size_t assay_dtype_row_bytes(assay_dtype dtype, size_t cols);

/* Block types and those of several tensors: what a product decodes while it packs. */
bool assay_dtype_is_packed(assay_dtype dtype);

/* True for what can be a weight: F32, F16, BF16, F64 and what is packed. */
bool assay_dtype_is_weight(assay_dtype dtype);

/* Converts `count` elements (a multiple of the block) to f32. Exact for F16, BF16 and F32; F64 rounds to nearest even.
 * src may be misaligned. Only for dtypes with assay_dtype_is_weight, of one tensor. */
void assay_dtype_to_f32(assay_dtype dtype, const void *src, float *dst, size_t count);

/* Elements first .. first + count of a row that begins at `row`; they may begin and end inside a block. */
void assay_dtype_run_to_f32(assay_dtype dtype, const void *row, size_t first, size_t count, float *dst);

/* To F32, F16, BF16 (nearest even) or a block type that is MADE (quant/block_type.h). count is a multiple of the block.
 * dst may be src: a narrower value never overtakes the float it came from. */
void assay_dtype_from_f32(assay_dtype dtype, const float *src, void *dst, size_t count);

/* Rounds to bf16 (nearest even), staying f32. */
void assay_dtype_round_bf16(float *values, size_t count);

#endif
