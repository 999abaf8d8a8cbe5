/* A tensor that is to be written, read in the order it will have on disk: as f32, run of rows by run, with what changes
 * it (adapter, another order of rows, norms that hold one more) done. */
#ifndef ASSAY_MODEL_MODEL_SAVE_ROWS_H
#define ASSAY_MODEL_MODEL_SAVE_ROWS_H

#include "model/model.h"

struct assay_save_tensor;

/* Fills dst with rows [first, first + count) of the tensor's source as f32; for sources that are computed. */
typedef void (*assay_row_reader)(const void *context, const struct assay_save_tensor *tensor, size_t first,
                                 size_t count, float *dst);

typedef struct assay_save_tensor {
    char *name; /* on disk; owned by the list */
    int rank;
    size_t shape[ASSAY_MAX_RANK]; /* on disk; shape[0] is `count` (a scalar: rank 0) */
    assay_dtype dtype;            /* on disk */
    assay_dtype plain;            /* of a packed type of several tensors: what its values are rounded to */
    const void *data;             /* the whole source, in type `from`; or */
    assay_row_reader read;        /* a computed one */
    const void *context;
    assay_dtype from;
    const assay_parts *parts;          /* of a source of several tensors (tensor/stored.h); NULL */
    size_t rows, cols;                 /* of the source: a vector is a column */
    size_t first, count;               /* the rows taken */
    int permuted_heads, grouped_heads; /* rows lie as GGUF lays them out (checkpoint.h); 0: not */
    bool plus_one;                     /* the source holds one more (checkpoint.h) */
    const uint32_t *row_map;           /* or which stored row is a row, of a parameter used in place (op.h); NULL */
    assay_weight stored;               /* the same three of the file; with block types, for a packed body */
    double squares, lost;              /* set by writing a block type: of the values, and of what rounding took */
    const float *a, *b; /* an adapter to add: A [adapter_rank, cols], B [rows, adapter_rank]; NULL: none */
    size_t adapter_rank;
    float scale;
} assay_save_tensor;

/* Takes the next `count` values, which it may change. */
typedef assay_status (*assay_rows_taker)(void *context, float *values, size_t count, assay_error *err);

/* Values of a run at most, and of every run but the last a multiple of `block`, a power of two; false: too many. A
 * tensor without values has no run. */
bool assay_save_tensor_run(const assay_save_tensor *tensor, size_t block, size_t *values);

assay_status assay_save_tensor_read(const assay_save_tensor *tensor, size_t block, assay_rows_taker take, void *context,
                                    assay_error *err);

/* Rows lie elsewhere in the source than on disk. */
bool assay_save_tensor_is_moved(const assay_save_tensor *tensor);

#endif
