/* Every kernel set against the plain one: bit-equal on random and worst-case input, nothing written outside; the plain
 * one against double. With the argument --time the same calls are timed. */
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

static void guarded_check_free(guarded *g)
{
    for (size_t i = 0; i < GUARD; i++) {
        assert_true(g->block[i] == guard_value);
        assert_true(g->data[g->n + i] == guard_value);
    }
    assay_free(g->block);
}

static void fill(float *x, size_t n, uint64_t stream, int kind)
{
    assay_rng rng = {.seed = 7, .stream = stream};
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)assay_rng_normal(&rng);
        if (kind == 1) x[i] *= (float)pow(2.0, (double)assay_rng_below(&rng, 40) - 20.0);
        if (kind == 2) x[i] = i % 3 ? -80.0f : 80.0f;
    }
}

static void assert_same_bits(const float *a, const float *b, size_t n) { assert_memory_equal(a, b, n * sizeof(float)); }

/* One output vector from three inputs: the shape all row kernels are brought to. */
typedef void (*row_case)(const assay_rows *rows, const float *x, const float *y, const float *z, float *out,
                         float *out2, size_t n);

static void case_reductions(const assay_rows *rows, const float *x, const float *y, const float *z, float *out,
                            float *out2, size_t n)
{
    (void)z;
    (void)out2;
    if (n < 2) return;
    out[0] = rows->dot(x, y, n);
    out[1] = rows->sum(x, n);
}

static void case_norm(const assay_rows *rows, const float *x, const float *y, const float *z, float *out, float *out2,
                      size_t n)
{
    float rstd = rows->rms_norm(x, y, out, n, 1e-5f);
    rows->rms_norm_backward(x, y, z, out2, n, rstd, false);
    rows->rms_norm_backward(x, z, y, out2, n, rows->rms_rstd(x, n, 1e-5f), true);
}

static void case_swiglu(const assay_rows *rows, const float *x, const float *y, const float *z, float *out, float *out2,
                        size_t n)
{
    rows->swiglu(x, y, out, n);
    rows->axpy(0.25f, y, out, n);
    rows->scale(-1.5f, out, out, n);
    rows->swiglu_backward(x, y, z, out, out2, n);
}

static void case_softmax(const assay_rows *rows, const float *x, const float *y, const float *z, float *out,
                         float *out2, size_t n)
{
    size_t valid = n - n / 3;
    (void)z;
    memcpy(out, x, n * sizeof *x);
    rows->softmax(out, valid, n, 0.125f);
    memcpy(out2, x, n * sizeof *x);
    rows->softmax_backward(y, out2, n, 0.3f, 0.125f);
}

static void case_rope(const assay_rows *rows, const float *x, const float *y, const float *z, float *out, float *out2,
                      size_t n)
{
    memcpy(out, x, n * sizeof *x);
    memcpy(out2, x, n * sizeof *x);
    rows->rope(out, y, z, n / 2, false, 1.0f);
    rows->rope(out2, y, z, n / 2, true, -1.0f);
}

static void case_adamw(const assay_rows *rows, const float *x, const float *y, const float *z, float *out, float *out2,
                       size_t n)
{
    assay_adam_step step = {.lr = 1e-3f,
                            .beta2 = 0.999f,
                            .eps = 1e-8f,
                            .weight_decay = 0.01f,
                            .rest1 = 0.1f,
                            .rest2 = 0.001f,
                            .correction1 = 0.1f,
                            .correction2 = 0.001f,
                            .gradient_scale = 0.5f};
    float v[4096] = {0};
    if (n > 4096) return;
    memcpy(out, x, n * sizeof *x);
    memcpy(out2, y, n * sizeof *y);
    for (size_t i = 0; i < n; i++) v[i] = z[i] * z[i];
    rows->adamw(out, z, out2, v, n, &step);
}

static void case_columns(const assay_rows *rows, const float *x, const float *y, const float *z, float *out,
                         float *out2, size_t n)
{
    size_t cols = n / 4;
    memset(out, 0, n * sizeof *out);
    memset(out2, 0, n * sizeof *out2);
    rows->column_sum(x, cols, y, cols, z, 4, cols, out);
    rows->column_sum(x, cols, NULL, 0, NULL, 4, cols, out2);
}

static const row_case row_cases[] = {case_reductions, case_norm,  case_swiglu, case_softmax,
                                     case_rope,       case_adamw, case_columns};

static void run_row_case(row_case run, const assay_kernels *kernels, size_t n, int kind)
{
    guarded x = guarded_new(n), y = guarded_new(n), z = guarded_new(n), out[4];
    fill(x.data, n, 1, kind);
    fill(y.data, n, 2, kind);
    fill(z.data, n, 3, 0);
    for (int i = 0; i < 4; i++) out[i] = guarded_new(n);
    run(&assay_rows_plain, x.data, y.data, z.data, out[0].data, out[1].data, n);
    run(kernels->rows, x.data, y.data, z.data, out[2].data, out[3].data, n);
    assert_same_bits(out[0].data, out[2].data, n);
    assert_same_bits(out[1].data, out[3].data, n);
    for (int i = 0; i < 4; i++) guarded_check_free(&out[i]);
    guarded_check_free(&x);
    guarded_check_free(&y);
    guarded_check_free(&z);
}

static void test_rows_same_bits(void **state)
{
    static const size_t sizes[] = {1, 2, 5, 15, 16, 17, 31, 64, 100, 577, 1024, 1531};
    (void)state;
    for (size_t set = 1; assay_kernels_at(set); set++)
        for (size_t c = 0; c < sizeof row_cases / sizeof *row_cases; c++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                for (int kind = 0; kind < 3; kind++) run_row_case(row_cases[c], assay_kernels_at(set), sizes[s], kind);
}

/* exp through the softmax of two elements {0, x}: p1 / p0 = e^x. 4e-7 is 3 units in the last place: exp's own 1.2, the
 * division's and the sum's. */
static void test_exp_accuracy(void **state)
{
    double worst = 0;
    (void)state;
    for (int i = 0; i <= 80000; i++) {
        float x = -80.0f + (float)i * 0.001f, pair[2] = {0.0f, x};
        assay_rows_plain.softmax(pair, 2, 2, 1.0f);
        double truth = exp((double)x), error = fabs((double)pair[1] / (double)pair[0] - truth) / truth;
        worst = error > worst ? error : worst;
    }
    assert_true(worst < 4e-7);
}

static void test_norm_against_double(void **state)
{
    float x[577], w[577], y[577];
    double squares = 0;
    (void)state;
    fill(x, 577, 4, 0);
    fill(w, 577, 5, 0);
    assay_rows_plain.rms_norm(x, w, y, 577, 1e-6f);
    for (int i = 0; i < 577; i++) squares += (double)x[i] * (double)x[i];
    double rstd = 1.0 / sqrt(squares / 577 + 1e-6);
    for (int i = 0; i < 577; i++)
        assert_true(fabs((double)y[i] - (double)w[i] * (double)x[i] * rstd) < 1e-6 * (1 + fabs((double)y[i])));
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

static void run_product(const product *p, const assay_kernels *kernels, assay_pool *pool)
{
    guarded a = guarded_new(p->m * p->k), b = guarded_new(p->k * p->n), c = guarded_new(p->m * p->n),
            expected = guarded_new(p->m * p->n);
    void *scratch = assay_alloc((size_t)assay_pool_size(pool), assay_gemm_scratch_bytes());
    fill(a.data, a.n, 11, 0);
    fill(b.data, b.n, 12, 0);
    fill(c.data, c.n, 13, 0);
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
    assert_same_bits(c.data, expected.data, c.n);
    assay_free(scratch);
    guarded_check_free(&a);
    guarded_check_free(&b);
    guarded_check_free(&c);
    guarded_check_free(&expected);
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
        fill(a, p->m * p->k, 1, 0);
        fill(b, p->n * p->k, 2, 0);
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
        cmocka_unit_test(test_rows_same_bits),
        cmocka_unit_test(test_exp_accuracy),
        cmocka_unit_test(test_norm_against_double),
        cmocka_unit_test(test_products_by_definition),
    };
    if (argc > 1 && !strcmp(argv[1], "--time")) return time_products();
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
