/* Matrix products of bf16 operands with f32 sums, for runs in bf16. C[M, N] (+)= A[M, K] . B[K, N] (+ A2[M, K2] .
 * B2[K2, N]) (+ bias) (+ residual), C in f32 or bf16. Operands of F32 and F16 are rounded to bf16 while packing. An
 * element is one chain of f32 sums over pairs of k in rising order, the second product's after the first's; it goes on
 * from C where `add` says so and is never split, so no blocking, thread or neighbouring row has a say. A fold of odd
 * length is filled up with a zero: weight gradients pair tokens within their own tree (see gemm.h for folds). A bf16
 * result is summed in f32 beside C, then bias and residual are added in f32, and it is rounded once. */
#ifndef ASSAY_BACKEND_GEMM_BF16_H
#define ASSAY_BACKEND_GEMM_BF16_H

#include "backend/gemm.h"

typedef struct assay_gemm_bf16_args {
    size_t m, n, k, k2; /* k2 0: no second product */
    assay_matrix a, b, a2, b2;
    float *c; /* exactly one of c and bf16_c */
    uint16_t *bf16_c;
    size_t ldc;
    bool add;              /* c only */
    const float *bias;     /* bf16_c only; [n], NULL: none */
    const float *residual; /* bf16_c only; [m, n], at most one of the two */
    const uint16_t *bf16_residual;
    size_t ld_residual;
    const uint32_t *folds; /* of the first product; NULL: whole */
    size_t fold_count;
    /* where the workers pack rows of the left operand for all of them, and how much room there is */
    uint32_t *packed;
    size_t packed_bytes;
} assay_gemm_bf16_args;

/* Room for the packed left operand at which a product with m rows is fastest; m = 1 gives the least there has to be,
 * and more never harms. pairs: (k + 1) / 2 for each fold of the first product, and the same of the second. bf16_c: C is
 * bf16. */
size_t assay_gemm_bf16_packed_bytes(size_t m, size_t pairs, bool bf16_c);

/* Bytes of scratch one worker needs. */
size_t assay_gemm_bf16_scratch_bytes(void);

/* scratch: assay_pool_size(pool) areas of assay_gemm_bf16_scratch_bytes(), 64-byte aligned as args->packed is. */
void assay_gemm_bf16(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_bf16_args *args);

#endif
