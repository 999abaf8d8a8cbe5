/* bf16 products: value against double on the rounded operands, bits against blocking and threads, guard words; --time
 * measures. */
#include "test_support.h"

#include "backend/gemm_bf16.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GUARD 0xa5a5a5a5u

typedef struct operand {
    float *wide; /* what it stands for after rounding, [rows, cols] */
    void *data;
    assay_matrix view;
} operand;

typedef struct product {
    size_t m, n, k, k2;
    bool transpose_a, transpose_b, add, bf16_out, epilogue;
    assay_dtype dtype;
    const uint32_t *folds;
    size_t fold_count;
} product;

static float draw(assay_rng *rng) { return (float)assay_rng_normal(rng); }

/* Logical [rows, cols], stored transposed where asked. */
static operand make_operand(size_t rows, size_t cols, bool transposed, assay_dtype dtype, uint64_t stream)
{
    assay_rng rng = {.seed = 5, .stream = stream};
    operand o = {.wide = assay_alloc(rows * cols + 1, sizeof(float)),
                 .data = assay_alloc(rows * cols + 1, sizeof(float))};
    o.view = (assay_matrix){.data = o.data,
                            .dtype = dtype,
                            .row_stride = transposed ? 1 : (ptrdiff_t)cols,
                            .col_stride = transposed ? (ptrdiff_t)rows : 1};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            float value = draw(&rng);
            size_t at = transposed ? j * rows + i : i * cols + j;
            if (dtype == ASSAY_F32) ((float *)o.data)[at] = value;
            if (dtype == ASSAY_F16)
                ((uint16_t *)o.data)[at] = assay_f32_to_f16(value), value = assay_f16_to_f32(assay_f32_to_f16(value));
            if (dtype == ASSAY_BF16) ((uint16_t *)o.data)[at] = assay_f32_to_bf16(value);
            o.wide[i * cols + j] = assay_bf16_to_f32(assay_f32_to_bf16(value));
        }
    return o;
}

static void free_operand(operand *o)
{
    assay_free(o->wide);
    assay_free(o->data);
}

static double exact(const product *p, const operand o[4], size_t i, size_t j, double *size)
{
    double sum = 0;
    for (size_t q = 0; q < p->k; q++) {
        double term = (double)o[0].wide[i * p->k + q] * (double)o[1].wide[q * p->n + j];
        sum += term;
        *size += fabs(term);
    }
    for (size_t q = 0; q < p->k2; q++) {
        double term = (double)o[2].wide[i * p->k2 + q] * (double)o[3].wide[q * p->n + j];
        sum += term;
        *size += fabs(term);
    }
    return sum;
}

/* f32 sums of k terms: at most k roundings of 2^-24 of the running size; a bf16 result adds half a unit of 2^-8. */
static void check_product(const product *p, const char *set, const operand o[4], const float *before, const float *bias,
                          const float *residual, const float *c)
{
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            double size = 0, wanted = exact(p, o, i, j, &size);
            if (p->add) wanted += (double)before[i * p->n + j];
            if (p->epilogue) wanted += (double)bias[j] + (double)residual[i * p->n + j];
            double limit = (size + fabs(wanted) + 8) * (double)(p->k + p->k2 + 4) * 0x1p-24 +
                           (p->bf16_out ? fabs(wanted) * 0x1p-8 : 0);
            if (!(fabs((double)c[i * p->n + j] - wanted) <= limit)) /* so NaN fails, too */
                fail_msg("bf16 tile or pack, set %s, %zu x %zu x (%zu + %zu) of %s: element (%zu, %zu) is %g, expected "
                         "%g +- %g",
                         set, p->m, p->n, p->k, p->k2, assay_dtype_name(p->dtype), i, j, (double)c[i * p->n + j],
                         wanted, limit);
        }
}

/* `bytes` bytes of NaN, so that a word that nobody wrote is seen, and a word behind them that must stay. */
static uint32_t *guarded(size_t bytes)
{
    uint32_t *words = assay_alloc(bytes / sizeof *words + 1, sizeof *words);
    memset(words, 0xff, bytes);
    words[bytes / sizeof *words] = GUARD;
    return words;
}

static size_t pairs_of(const product *p)
{
    size_t pairs = (p->k2 + 1) / 2;
    for (size_t f = 0; f < p->fold_count; f++) pairs += (p->folds[f + 1] - p->folds[f] + 1) / 2;
    return p->folds ? pairs : pairs + (p->k + 1) / 2;
}

/* packed_rows: how many rows of the left operand there is room for. */
static void run_product(const product *p, const assay_kernels *kernels, assay_pool *pool, size_t packed_rows, float *c)
{
    operand o[4] = {make_operand(p->m, p->k, p->transpose_a, p->dtype, 1),
                    make_operand(p->k, p->n, p->transpose_b, p->dtype, 2),
                    make_operand(p->m, p->k2, false, ASSAY_F32, 3), make_operand(p->k2, p->n, true, ASSAY_F32, 4)};
    operand extra = make_operand(p->m + 2, p->n, false, ASSAY_F32, 5);
    float *residual = extra.data, *bias = residual + p->m * p->n;
    uint16_t *bf16 = assay_alloc(p->m * p->n + 1, sizeof *bf16);
    void *scratch = guarded((size_t)assay_pool_size(pool) * assay_gemm_bf16_scratch_bytes());
    float *before = assay_alloc(p->m * p->n + 1, sizeof *before);
    for (size_t i = 0; i < p->m * p->n; i++) before[i] = c[i] = (float)(i % 17) - 8;
    c[p->m * p->n] = 12345.0f;
    bf16[p->m * p->n] = 4321;
    size_t packed_bytes = assay_gemm_bf16_packed_bytes(packed_rows, pairs_of(p), p->bf16_out);
    uint32_t *packed = guarded(packed_bytes);
    assay_gemm_bf16_args args = {.m = p->m,
                                 .n = p->n,
                                 .k = p->k,
                                 .k2 = p->k2,
                                 .a = o[0].view,
                                 .b = o[1].view,
                                 .a2 = o[2].view,
                                 .b2 = o[3].view,
                                 .ldc = p->n,
                                 .add = p->add,
                                 .folds = p->folds,
                                 .fold_count = p->fold_count,
                                 .packed = packed,
                                 .packed_bytes = packed_bytes};
    if (p->bf16_out) args.bf16_c = bf16;
    else args.c = c;
    if (p->epilogue) args.bias = bias, args.residual = residual, args.ld_residual = p->n;
    assay_gemm_bf16(kernels, pool, scratch, &args);
    if (p->bf16_out) kernels->rows->widen(bf16, c, p->m * p->n);
    check_product(p, kernels->name, o, before, bias, residual, c);
    assert_true(c[p->m * p->n] == 12345.0f && bf16[p->m * p->n] == 4321 &&
                packed[packed_bytes / sizeof *packed] == GUARD);
    assay_free(packed);
    for (int i = 0; i < 4; i++) free_operand(&o[i]);
    free_operand(&extra);
    assay_free(bf16);
    assay_free(scratch);
    assay_free(before);
}

static const uint32_t folds[] = {0, 7, 7, 40, 101, 130}, long_folds[] = {0, 255, 511, 767, 900};
// clang-format off
static const product products[] = {
    {1, 1, 1, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
     {13, 33, 257, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
    {25, 70, 600, 8, false, true, true, false, false, ASSAY_F32, NULL, 0},
     {30, 66, 1100, 3, false, true, false, true, true, ASSAY_BF16, NULL, 0},
    {500, 40, 64, 0, false, false, false, true, true, ASSAY_BF16, NULL, 0},
     {37, 45, 130, 0, true, false, true, false, false, ASSAY_F32, folds, 5},
    {30, 66, 300, 0, false, true, false, false, false, ASSAY_F16, NULL, 0},
     {8, 600, 130, 0, true, false, false, false, false, ASSAY_BF16, folds, 5},
    {5, 9, 0, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
    /* deeper than a slab, and with a second product there; more rows than a job */
    {13, 33, 9001, 3, false, true, true, false, false, ASSAY_BF16, NULL, 0},
     {13, 33, 9001, 3, false, false, false, false, false, ASSAY_F32, NULL, 0},
    {530, 33, 700, 5, false, true, false, true, true, ASSAY_BF16, NULL, 0},
     {530, 33, 700, 0, false, false, true, false, false, ASSAY_F32, NULL, 0},
    {530, 40, 900, 0, true, false, true, false, false, ASSAY_F32, long_folds, 4},
    /* turned round */
    {500, 8, 1300, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
     {130, 8, 130, 0, true, false, true, false, false, ASSAY_F32, folds, 5},
    {40, 12, 300, 4, false, true, true, false, false, ASSAY_BF16, NULL, 0},
     {40, 1, 300, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
    {40, 5, 0, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0},
};
// clang-format on

static void test_products_equal_double_precision(void **state)
{
    assay_pool *pool;
    (void)state;
    assert_int_equal(assay_pool_create(&pool, 2, NULL), ASSAY_OK);
    for (size_t set = 0; assay_kernels_at(set); set++)
        for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
            float *c = assay_alloc(products[i].m * products[i].n + 1, sizeof *c);
            run_product(&products[i], assay_kernels_at(set), pool, 1, c);
            run_product(&products[i], assay_kernels_at(set), pool, products[i].m, c);
            assay_free(c);
        }
    assay_pool_destroy(pool);
}

/* A row alone and among 500 others, one thread and two: the same bits. */
static void test_bits_know_no_batch(void **state)
{
    enum { M = 500, N = TESTS_ARE_SANITIZED ? 300 : 1200, K = 700 };
    assay_pool *one, *two;
    (void)state;
    assert_int_equal(assay_pool_create(&one, 1, NULL), ASSAY_OK);
    assert_int_equal(assay_pool_create(&two, 2, NULL), ASSAY_OK);
    operand a = make_operand(M, K, false, ASSAY_BF16, 1), b = make_operand(K, N, true, ASSAY_BF16, 2);
    float *all = assay_alloc(M * N, sizeof *all), *row = assay_alloc(N, sizeof *row);
    void *scratch = assay_alloc(2, assay_gemm_bf16_scratch_bytes());
    size_t packed_bytes = assay_gemm_bf16_packed_bytes(M / 3, K / 2, false);
    uint32_t *packed = assay_alloc(1, packed_bytes);
    for (size_t set = 0; assay_kernels_at(set); set++) {
        assay_gemm_bf16_args args = {.m = M,
                                     .n = N,
                                     .k = K,
                                     .a = a.view,
                                     .b = b.view,
                                     .c = all,
                                     .ldc = N,
                                     .packed = packed,
                                     .packed_bytes = packed_bytes};
        assay_gemm_bf16(assay_kernels_at(set), two, scratch, &args);
        for (size_t i = 0; i < M; i += 83) {
            args.m = 1;
            args.c = row;
            args.a.data = (const uint16_t *)a.data + i * K;
            assay_gemm_bf16(assay_kernels_at(set), one, scratch, &args);
            assert_memory_equal(row, all + i * N, N * sizeof *row);
        }
    }
    assay_free(all);
    assay_free(row);
    assay_free(scratch);
    assay_free(packed);
    free_operand(&a);
    free_operand(&b);
    assay_pool_destroy(one);
    assay_pool_destroy(two);
}

typedef struct packing {
    assay_dtype dtype;
    ptrdiff_t lane_stride, k_stride;
    size_t lanes, k;
} packing;

// clang-format off
static const packing packings[] = {
    {ASSAY_BF16, 700, 1, 12, 33}, {ASSAY_BF16, 700, 1, 70, 130}, {ASSAY_BF16, 700, 1, 33, 64},
     {ASSAY_F32, 131, 1, 60, 131}, {ASSAY_F32, 131, 1, 64, 96},
    {ASSAY_F32, 131, 1, 5, 1}, {ASSAY_BF16, 1, 90, 90, 31}, {ASSAY_BF16, 1, 96, 96, 64}, {ASSAY_F32, 1, 70, 70, 33},
     {ASSAY_F32, 1, 60, 60, 2},
    {ASSAY_F16, 131, 1, 37, 70}, {ASSAY_F16, 1, 70, 70, 9}, {ASSAY_F32, 70, 2, 35, 33}, {ASSAY_BF16, 2, 160, 40, 21},
};
// clang-format on

/* An element as packing is to write it: rounded to bf16, zero beyond k and in lanes beyond. */
static uint32_t packed_element(const packing *p, const void *source, size_t lane, size_t i)
{
    ptrdiff_t index = (ptrdiff_t)lane * p->lane_stride + (ptrdiff_t)i * p->k_stride;
    const uint16_t *bits = source;
    if (lane >= p->lanes || i >= p->k) return 0;
    if (p->dtype == ASSAY_BF16) return bits[index];
    return assay_f32_to_bf16(p->dtype == ASSAY_F16 ? assay_f16_to_f32(bits[index]) : ((const float *)source)[index]);
}

/* Every word of the panels by definition, and nothing between or behind them. */
static void check_packing(const packing *p, size_t width, const uint16_t *source)
{
    enum { WORDS = 20000, GAP = 7 };
    uint32_t *wanted = assay_alloc(WORDS, sizeof *wanted), *got = assay_alloc(WORDS, sizeof *got);
    const assay_lanes from = {.src = source,
                              .dtype = p->dtype,
                              .lane_stride = p->lane_stride,
                              .k_stride = p->k_stride,
                              .lanes = p->lanes,
                              .k = p->k};
    size_t panel = width * ((p->k + 1) / 2) + GAP;
    assert_true((p->lanes + width - 1) / width * panel <= WORDS);
    memset(wanted, 0xa5, WORDS * sizeof *wanted);
    for (size_t lane = 0; lane < (p->lanes + width - 1) / width * width; lane++)
        for (size_t i = 0; i < (p->k + 1) / 2; i++)
            wanted[lane / width * panel + i * width + lane % width] =
                packed_element(p, source, lane, 2 * i) | packed_element(p, source, lane, 2 * i + 1) << 16;
    for (size_t set = 0; assay_kernels_at(set); set++) {
        memset(got, 0xa5, WORDS * sizeof *got);
        assay_kernels_at(set)->bf16->pack(got, width, panel, &from);
        for (size_t i = 0; i < WORDS; i++)
            if (got[i] != wanted[i])
                fail_msg("bf16 pack, set %s, %zu lanes of %zu %s into panels of %zu: word %zu is %08x, by definition "
                         "%08x",
                         assay_kernels_at(set)->name, p->lanes, p->k, assay_dtype_name(p->dtype), width, i, got[i],
                         wanted[i]);
    }
    assay_free(wanted);
    assay_free(got);
}

static void test_packing(void **state)
{
    enum { VALUES = 70000 };
    assay_rng rng = {.seed = 5, .stream = 9};
    float *values = assay_alloc(VALUES, sizeof *values);
    uint16_t *bf16 = assay_alloc(VALUES, sizeof *bf16);
    (void)state;
    for (size_t i = 0; i < VALUES; i++) values[i] = draw(&rng);
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        for (size_t j = 0; j < VALUES; j++)
            bf16[j] = packings[i].dtype == ASSAY_F16 ? assay_f32_to_f16(values[j]) : assay_f32_to_bf16(values[j]);
        const uint16_t *source = packings[i].dtype == ASSAY_F32 ? (const uint16_t *)(const void *)values : bf16;
        check_packing(&packings[i], ASSAY_BF16_MR, source);
        check_packing(&packings[i], ASSAY_BF16_NR, source);
    }
    assay_free(values);
    assay_free(bf16);
}

/* widen and narrow are the conversions of tensor/dtype.h on every bit pattern that matters. */
static void test_conversions(void **state)
{
    enum { N = 65536 };
    float *wide = assay_alloc(N, sizeof *wide);
    uint16_t *back = assay_alloc(N, sizeof *back), *bits = assay_alloc(N, sizeof *bits);
    (void)state;
    for (size_t i = 0; i < N; i++) bits[i] = (uint16_t)i;
    for (size_t set = 0; assay_kernels_at(set); set++) {
        const assay_rows *rows = assay_kernels_at(set)->rows;
        rows->widen(bits, wide, N);
        rows->narrow(wide, back, N);
        for (size_t i = 0; i < N; i++)
            if (wide[i] == wide[i]) assert_int_equal(back[i], bits[i]);
        for (size_t i = 0; i < N; i++) {
            uint32_t word = (uint32_t)i << 16 | (uint32_t)(i * 2654435761u >> 16);
            memcpy(wide + i, &word, sizeof word);
        }
        rows->narrow(wide, back, N);
        for (size_t i = 0; i < N; i++) assert_int_equal(back[i], assay_f32_to_bf16(wide[i]));
    }
    assay_free(wide);
    assay_free(back);
    assay_free(bits);
}

static int time_products(void)
{
    static const product shapes[] = {{512, 4608, 4096, 0, false, true, false, true, false, ASSAY_BF16, NULL, 0},
                                     {512, 27392, 4096, 0, false, true, false, true, false, ASSAY_BF16, NULL, 0},
                                     {512, 4096, 13696, 0, false, true, false, true, false, ASSAY_BF16, NULL, 0},
                                     {512, 4096, 27392, 0, false, false, false, false, false, ASSAY_BF16, NULL, 0},
                                     {512, 896, 896, 0, false, true, false, true, false, ASSAY_BF16, NULL, 0},
                                     {2048, 4864, 896, 0, false, true, false, true, false, ASSAY_BF16, NULL, 0},
                                     {4096, 4096, 512, 0, true, false, true, false, false, ASSAY_F32, NULL, 0},
                                     {512, 8, 4096, 0, false, true, false, false, false, ASSAY_BF16, NULL, 0}};
    assay_pool *pool;
    const assay_kernels *kernels;
    if (assay_kernels_select(&kernels, NULL, NULL) || assay_pool_create(&pool, 0, NULL)) return 1;
    void *scratch = assay_alloc((size_t)assay_pool_size(pool), assay_gemm_bf16_scratch_bytes());
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const product *p = &shapes[i];
        operand a = make_operand(p->m, p->k, p->transpose_a, p->dtype, 1),
                b = make_operand(p->k, p->n, p->transpose_b, p->dtype, 2);
        float *c = assay_alloc(p->m * p->n, sizeof *c);
        size_t packed_bytes = assay_gemm_bf16_packed_bytes(p->m, (p->k + 1) / 2, p->bf16_out);
        uint32_t *packed = assay_alloc(1, packed_bytes);
        assay_gemm_bf16_args args = {.m = p->m,
                                     .n = p->n,
                                     .k = p->k,
                                     .a = a.view,
                                     .b = b.view,
                                     .ldc = p->n,
                                     .add = p->add,
                                     .packed = packed,
                                     .packed_bytes = packed_bytes};
        if (p->bf16_out) args.bf16_c = (uint16_t *)(void *)c;
        else args.c = c;
        double best = 1e9;
        for (int round = 0; round < 8; round++) {
            double start = assay_clock_seconds();
            assay_gemm_bf16(kernels, pool, scratch, &args);
            double took = assay_clock_seconds() - start;
            best = took < best ? took : best;
        }
        printf("%zu x %zu x %zu %s: %.1f GFLOP/s\n", p->m, p->n, p->k, kernels->name,
               2e-9 * (double)p->m * (double)p->n * (double)p->k / best);
        free_operand(&a);
        free_operand(&b);
        assay_free(packed);
        assay_free(c);
    }
    assay_free(scratch);
    assay_pool_destroy(pool);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products_equal_double_precision),
                                       cmocka_unit_test(test_bits_know_no_batch), cmocka_unit_test(test_packing),
                                       cmocka_unit_test(test_conversions)};
    if (argc > 1 && !strcmp(argv[1], "--time")) return time_products();
    return cmocka_run_group_tests_name("bf16", tests, NULL, NULL);
}
