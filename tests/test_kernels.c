/* Products in every kernel set: the bits of the definition, nothing written outside. With the argument --time the same
 * calls are timed. The kernels that work on rows are test_row_kernels.c's. */
#include "test_support.h"

#include "backend/gemm.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GUARD = 64 };
static const float guard_value = 12345.678f;

typedef struct guarded {
    float *block, *data;
    size_t n;
} guarded;

static guarded guarded_new(size_t n)
{
    guarded g = {.block = assay_alloc(n + 2 * GUARD, sizeof(float)), .n = n};
    assert_non_null(g.block);
    g.data = g.block + GUARD;
    for (size_t i = 0; i < GUARD; i++) g.block[i] = g.data[n + i] = guard_value;
    return g;
}

static bool guarded_holds(const guarded *g)
{
    bool holds = true;
    for (size_t i = 0; i < GUARD; i++) holds = holds && g->block[i] == guard_value && g->data[g->n + i] == guard_value;
    return holds;
}

static void fill(float *x, size_t n, uint64_t stream)
{
    assay_rng rng = {.seed = 7, .stream = stream};
    for (size_t i = 0; i < n; i++) x[i] = (float)assay_rng_normal(&rng);
}

typedef struct product {
    size_t m, n, k;
    bool transpose_a, transpose_b, add;
    assay_dtype weight;
    const uint32_t *folds;
    size_t fold_count;
} product;

/* The definition, spelled out: what gemm.h promises, element by element. */
static void product_by_definition(const assay_gemm_args *args, float *c)
{
    size_t folds = args->folds ? args->fold_count : (args->k + ASSAY_FOLD - 1) / ASSAY_FOLD;
    for (size_t i = 0; i < args->m; i++)
        for (size_t j = 0; j < args->n; j++) {
            bool add = args->add;
            if (!add) c[i * args->ldc + j] = 0;
            for (size_t f = 0; f < folds; f++) {
                size_t from = args->folds ? args->folds[f] : f * ASSAY_FOLD;
                size_t to = args->folds                      ? args->folds[f + 1]
                            : (f + 1) * ASSAY_FOLD < args->k ? (f + 1) * ASSAY_FOLD
                                                             : args->k;
                float chain = 0;
                for (size_t p = from; p < to; p++) {
                    float a = ((const float *)
                                   args->a.data)[(ptrdiff_t)i * args->a.row_stride + (ptrdiff_t)p * args->a.col_stride],
                          b;
                    ptrdiff_t at = (ptrdiff_t)p * args->b.row_stride + (ptrdiff_t)j * args->b.col_stride;
                    if (args->b.dtype == ASSAY_F32) b = ((const float *)args->b.data)[at];
                    else
                        b = args->b.dtype == ASSAY_BF16 ? assay_bf16_to_f32(((const uint16_t *)args->b.data)[at])
                                                        : assay_f16_to_f32(((const uint16_t *)args->b.data)[at]);
                    chain = fmaf(a, b, chain);
                }
                c[i * args->ldc + j] = add ? c[i * args->ldc + j] + chain : chain;
                add = true;
            }
        }
}

static void to_bf16(float *data, size_t n, assay_dtype dtype)
{
    uint16_t *bf16 = (uint16_t *)(void *)data;
    for (size_t i = 0; i < n; i++)
        bf16[i] = dtype == ASSAY_BF16 ? assay_f32_to_bf16(data[i]) : assay_f32_to_f16(data[i]);
}

static void check_product(const product *p, const assay_kernels *kernels, const guarded *c, const guarded *expected)
{
    for (size_t i = 0; i < c->n; i++)
        if (memcmp(&c->data[i], &expected->data[i], sizeof(float)) != 0)
            fail_msg("tile or pack, set %s, %zu x %zu x %zu of %s%s%s%s: element %zu is %.9g, by definition %.9g",
                     kernels->name, p->m, p->n, p->k, assay_dtype_name(p->weight), p->transpose_a ? ", A turned" : "",
                     p->transpose_b ? ", B turned" : "", p->add ? ", added" : "", i, (double)c->data[i],
                     (double)expected->data[i]);
}

static void run_product(const product *p, const assay_kernels *kernels, assay_pool *pool)
{
    guarded a = guarded_new(p->m * p->k), b = guarded_new(p->k * p->n), c = guarded_new(p->m * p->n),
            expected = guarded_new(p->m * p->n);
    void *scratch = assay_alloc((size_t)assay_pool_size(pool), assay_gemm_scratch_bytes());
    fill(a.data, a.n, 11);
    fill(b.data, b.n, 12);
    fill(c.data, c.n, 13);
    memcpy(expected.data, c.data, c.n * sizeof(float));
    if (p->weight != ASSAY_F32) to_bf16(b.data, b.n, p->weight);
    assay_matrix ma = assay_matrix_rows(a.data, p->transpose_a ? p->m : p->k),
                 mb = assay_matrix_rows(b.data, p->transpose_b ? p->k : p->n);
    mb.dtype = p->weight;
    assay_gemm_args args = {.m = p->m,
                            .n = p->n,
                            .k = p->k,
                            .c = expected.data,
                            .ldc = p->n,
                            .add = p->add,
                            .folds = p->folds,
                            .fold_count = p->fold_count};
    args.a = p->transpose_a ? assay_matrix_transposed(ma) : ma;
    args.b = p->transpose_b ? assay_matrix_transposed(mb) : mb;
    product_by_definition(&args, expected.data);
    args.c = c.data;
    assay_gemm(kernels, pool, scratch, &args);
    check_product(p, kernels, &c, &expected);
    assay_free(scratch);
    guarded *all[] = {&a, &b, &c, &expected};
    for (int i = 0; i < 4; i++) {
        if (!guarded_holds(all[i]))
            fail_msg("set %s, %zu x %zu x %zu: writes beyond a matrix", kernels->name, p->m, p->n, p->k);
        assay_free(all[i]->block);
    }
}

static void test_products_by_definition(void **state)
{
    static const uint32_t folds[] = {0, 7, 7, 40, 100, 130};
    static const product products[] = {
        {1, 1, 1, false, true, false, ASSAY_F32, NULL, 0},      {13, 33, 257, false, true, false, ASSAY_F32, NULL, 0},
        {25, 70, 600, false, true, true, ASSAY_F32, NULL, 0},   {140, 40, 64, false, false, false, ASSAY_F32, NULL, 0},
        {37, 45, 130, true, false, true, ASSAY_F32, folds, 5},  {8, 100, 130, true, false, false, ASSAY_F32, folds, 5},
        {30, 66, 300, false, true, false, ASSAY_BF16, NULL, 0}, {30, 66, 300, false, false, false, ASSAY_BF16, NULL, 0},
        {30, 66, 300, false, true, false, ASSAY_F16, NULL, 0},  {130, 600, 20, false, true, false, ASSAY_F32, NULL, 0},
        {5, 9, 0, false, true, false, ASSAY_F32, NULL, 0},
    };
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        assay_pool *pool;
        assert_int_equal(assay_pool_create(&pool, threads, NULL), ASSAY_OK);
        for (size_t set = 0; assay_kernels_at(set); set++)
            for (size_t i = 0; i < sizeof products / sizeof *products; i++)
                run_product(&products[i], assay_kernels_at(set), pool);
        assay_pool_destroy(pool);
    }
}

static int time_products(void)
{
    static const product shapes[] = {{512, 576, 576, false, true, false, ASSAY_F32, NULL, 0},
                                     {512, 1536, 576, false, true, false, ASSAY_F32, NULL, 0},
                                     {512, 576, 1536, false, true, false, ASSAY_F32, NULL, 0},
                                     {512, 4608, 4096, false, true, false, ASSAY_F32, NULL, 0},
                                     {512, 4096, 4608, false, false, false, ASSAY_F32, NULL, 0},
                                     {1536, 576, 512, true, false, true, ASSAY_F32, NULL, 0},
                                     {512, 8, 576, false, true, false, ASSAY_F32, NULL, 0},
                                     {512, 1536, 8, false, true, true, ASSAY_F32, NULL, 0}};
    assay_pool *pool;
    if (assay_pool_create(&pool, 0, NULL)) return 1;
    void *scratch = assay_alloc((size_t)assay_pool_size(pool), assay_gemm_scratch_bytes());
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const product *p = &shapes[i];
        float *a = assay_alloc(p->m * p->k, 4), *b = assay_alloc(p->k * p->n, 4), *c = assay_alloc(p->m * p->n, 4);
        fill(a, p->m * p->k, 1);
        fill(b, p->n * p->k, 2);
        assay_matrix ma = assay_matrix_rows(a, p->transpose_a ? p->m : p->k),
                     mb = assay_matrix_rows(b, p->transpose_b ? p->k : p->n);
        assay_gemm_args args = {.m = p->m,
                                .n = p->n,
                                .k = p->k,
                                .c = c,
                                .ldc = p->n,
                                .add = p->add,
                                .a = p->transpose_a ? assay_matrix_transposed(ma) : ma,
                                .b = p->transpose_b ? assay_matrix_transposed(mb) : mb};
        for (size_t set = 1; assay_kernels_at(set); set++) {
            double best = 1e9;
            for (int round = 0; round < 8; round++) {
                double start = assay_clock_seconds();
                assay_gemm(assay_kernels_at(set), pool, scratch, &args);
                double took = assay_clock_seconds() - start;
                best = took < best ? took : best;
            }
            printf("%zu x %zu x %zu %s: %.1f GFLOP/s\n", p->m, p->n, p->k, assay_kernels_at(set)->name,
                   2e-9 * (double)p->m * (double)p->n * (double)p->k / best);
        }
        assay_free(a);
        assay_free(b);
        assay_free(c);
    }
    assay_free(scratch);
    assay_pool_destroy(pool);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_by_definition),
    };
    if (argc > 1 && !strcmp(argv[1], "--time")) return time_products();
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
