/* One call for both kinds of product: of f32 operands (gemm.h) and of operands rounded to bf16 (gemm_bf16.h). Which one
 * it is, is a property of the run, and whoever multiplies need not write two of everything. */
#ifndef ASSAY_BACKEND_PRODUCT_H
#define ASSAY_BACKEND_PRODUCT_H

#include "backend/gemm_bf16.h"

/* C[M, N] (+)= A B (+ A2 B2). In f32 the second product's folds are added behind the first's; C is f32 (args->c),
 * without bias and residual, and nothing is packed beforehand. scratch: of every worker, the larger of both kinds'
 * areas. */
void assay_product(const assay_kernels *kernels, assay_pool *pool, void *scratch, bool bf16,
                   const assay_gemm_bf16_args *args);

#endif
