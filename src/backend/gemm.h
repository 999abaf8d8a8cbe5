/* Matrix products whose bits depend on nothing but their operands and folds. C[M, N] (+)= A[M, K] . B[K, N]. A and B
 * are strided views of F32, F16 or BF16 data (the 16-bit types are widened exactly while packing, packed weights are
 * decoded, see unpack.h), C is f32 with contiguous rows. K is cut into folds: element (i, j) is, for each fold, one
 * chain of fused multiply-adds from zero in rising k; the folds' sums are added to C in rising order (the first one
 * overwrites when `add` is false). Nothing else, neither tile shapes, nor threads, nor neighbouring rows, has a say, so
 * forward rows do not know their batch. Where K runs over tokens (weight gradients) the caller gives the folds, cut at
 * pair borders, so that a gradient does not know its micro-batch. Blocking (Goto & van de Geijn, "Anatomy of
 * high-performance matrix multiplication", 2008): a job is a panel of C's columns by a run of rows; per fold it packs
 * B's panel once, then A block by block, into the worker's scratch. */
#ifndef ASSAY_BACKEND_GEMM_H
#define ASSAY_BACKEND_GEMM_H

#include "backend/kernels.h"
#include "base/threads.h"

enum {
    ASSAY_FOLD = 256,      /* the longest fold, and the length of uniform ones */
    ASSAY_GEMM_COLS = 512, /* columns of a packed panel of B */
    ASSAY_GEMM_ROWS = 120, /* rows of a packed block of A */
};

/* Element (i, j) is data[i * row_stride + j * col_stride], counted in elements. A matrix of packed weights (B only) has
 * one stride 1, along its stored rows, and the other as long as they are; `rows` says which stored row stands for a
 * row, NULL: itself; with to_bf16 its values are rounded to bf16 as they are decoded. */
typedef struct assay_matrix {
    const void *data;
    assay_dtype dtype;
    ptrdiff_t row_stride, col_stride;
    const uint32_t *rows;
    bool to_bf16;
    const assay_parts *parts; /* of a type of several tensors */
} assay_matrix;

typedef struct assay_gemm_args {
    size_t m, n, k;
    assay_matrix a, b;
    float *c;
    size_t ldc;
    bool add;
    /* fold_count + 1 rising borders from 0 to k, none further apart than ASSAY_FOLD; NULL: uniform folds of
     * ASSAY_FOLD */
    const uint32_t *folds;
    size_t fold_count;
} assay_gemm_args;

/* Bytes of scratch one worker needs (64-byte aligned). */
size_t assay_gemm_scratch_bytes(void);

/* scratch: assay_pool_size(pool) areas of assay_gemm_scratch_bytes(), one after another. */
void assay_gemm(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_args *args);

/* Its rows from `lane` on, from column k0 on, as packing for bf16 products takes them. */
assay_lanes assay_matrix_lanes(const assay_matrix *matrix, size_t lane, size_t lanes, size_t k0, size_t k);

/* Row-major f32 and its transpose as views. */
assay_matrix assay_matrix_rows(const float *data, size_t ld);
assay_matrix assay_matrix_transposed(assay_matrix matrix);

#endif
