/* A matrix of weights where it lies, of whatever type: what decoding a part of it needs to know. A file's tensor, a
 * parameter of a run and an operand of a product are views of one. */
#ifndef ASSAY_TENSOR_STORED_H
#define ASSAY_TENSOR_STORED_H

#include "tensor/tensor.h"

typedef struct assay_stored {
    const void *data; /* may be misaligned */
    assay_dtype dtype;
    const assay_parts *parts; /* of a type of several tensors, else NULL */
    size_t cols;              /* elements a row: a multiple of the type's block */
} assay_stored;

/* Rows are what the first dimension counts. */
assay_stored assay_stored_tensor(const assay_tensor *tensor);

/* Elements first .. first + count of a row, as f32; they may begin and end inside a block, and, where `count` says so,
 * go on into the rows behind it (then first is a multiple of the block). */
void assay_stored_to_f32(const assay_stored *stored, size_t row, size_t first, size_t count, float *dst);

/* Groups first .. first + count of a row that begins at `row`, ASSAY_GROUP elements each, one behind the other. */
typedef void (*assay_decode_groups)(const uint8_t *row, size_t first, size_t count, float *dst);

/* Decoders of a kernel set, by type, with the bits of those in quant/; NULL: has none, those are used. */
typedef struct assay_decoders {
    assay_decode_groups groups[ASSAY_DTYPE_COUNT];
    assay_decode_parts parts[ASSAY_DTYPE_COUNT];
} assay_decoders;

/* The same by a kernel set's decoders; NULL: it has none. */
void assay_stored_decode(const assay_decoders *by, const assay_stored *stored, size_t row, size_t first, size_t count,
                         float *dst);

#endif
