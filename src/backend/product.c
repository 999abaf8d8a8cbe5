#include "backend/product.h"

#include <assert.h>

static void multiply_f32(const assay_kernels *kernels, assay_pool *pool, void *scratch,
                         const assay_gemm_bf16_args *args)
{
    assay_gemm_args first = {.m = args->m,
                             .n = args->n,
                             .k = args->k,
                             .a = args->a,
                             .b = args->b,
                             .c = args->c,
                             .ldc = args->ldc,
                             .add = args->add,
                             .folds = args->folds,
                             .fold_count = args->fold_count};
    assert(args->c && !args->bias && !args->residual && !args->bf16_residual);
    assay_gemm(kernels, pool, scratch, &first);
    if (!args->k2) return;
    assay_gemm_args second = {.m = args->m,
                              .n = args->n,
                              .k = args->k2,
                              .a = args->a2,
                              .b = args->b2,
                              .c = args->c,
                              .ldc = args->ldc,
                              .add = true};
    assay_gemm(kernels, pool, scratch, &second);
}

void assay_product(const assay_kernels *kernels, assay_pool *pool, void *scratch, bool bf16,
                   const assay_gemm_bf16_args *args)
{
    if (bf16) assay_gemm_bf16(kernels, pool, scratch, args);
    else multiply_f32(kernels, pool, scratch, args);
}
