#include "task/arithmetic_speed.h"

#include "backend/gemm.h"
#include "backend/product.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/sizes.h"

#include <math.h>

enum { ROWS = 256, COLS = 256 };

static const double longest = 0.1; /* seconds */

/* Memory for one product after the other: weights [COLS, COLS], rows [ROWS, COLS] in and out, and what products need.
 */
typedef struct trial {
    float *weights, *in, *out;
    void *scratch, *packed;
    size_t packed_bytes;
} trial;

static void release(trial *t)
{
    assay_free(t->weights);
    assay_free(t->in);
    assay_free(t->out);
    assay_free(t->scratch);
    assay_free(t->packed);
}

static void *on_line(void *memory) { return (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63); }

/* FLOPs a second: the first product warms up. */
static double speed_of(const assay_kernels *kernels, assay_pool *pool, bool bf16, const trial *t)
{
    const assay_gemm_bf16_args args = {.m = ROWS,
                                       .n = COLS,
                                       .k = COLS,
                                       .a = assay_matrix_rows(t->in, COLS),
                                       .b = assay_matrix_transposed(assay_matrix_rows(t->weights, COLS)),
                                       .c = t->out,
                                       .ldc = COLS,
                                       .packed = on_line(t->packed),
                                       .packed_bytes = t->packed_bytes};
    double start = 0, passed = 0, products = 0;
    for (int i = 0; i < 2 || passed < longest; i++) {
        if (i == 1) start = assay_clock_seconds();
        assay_product(kernels, pool, on_line(t->scratch), bf16, &args);
        products += i > 0;
        passed = i > 0 ? assay_clock_seconds() - start : 0;
    }
    return passed > 0 ? products * (2.0 * (double)(ROWS * COLS * COLS)) / passed : INFINITY;
}

assay_status assay_arithmetic_speed(const assay_kernels *kernels, assay_pool *pool, bool bf16, double *speed,
                                    assay_error *err)
{
    size_t scratch = assay_larger(assay_gemm_scratch_bytes(), bf16 ? assay_gemm_bf16_scratch_bytes() : 0);
    trial t = {.packed_bytes = assay_gemm_bf16_packed_bytes(ROWS, COLS / 2, false)};
    t.weights = assay_alloc((size_t)COLS * COLS, sizeof *t.weights);
    t.in = assay_alloc((size_t)ROWS * COLS, sizeof *t.in);
    t.out = assay_alloc((size_t)ROWS * COLS, sizeof *t.out);
    t.scratch = assay_alloc((size_t)assay_pool_size(pool) * scratch + 64, 1);
    t.packed = assay_alloc(t.packed_bytes + 64, 1);
    bool room = t.weights && t.in && t.out && t.scratch && t.packed;
    if (room) *speed = speed_of(kernels, pool, bf16, &t);
    release(&t);
    return room ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a product");
}
