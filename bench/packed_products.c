/* One product with a weight of one type after the other, for bench/packed_products.py, which builds and starts this and
 * tells how to run it. A line of input is "PRECISION KIND TYPE M IN OUT": a linear layer of IN inputs and OUT outputs
 * over M tokens, its weight stored as TYPE, operands in f32 or bf16. forward: y = x W^T; input: dx = dy W. The answer
 * is one line of JSON with the processor's seconds of one product on one thread. Every call takes another weight than
 * the one before, because those of a model come out of memory and not out of a cache. */
#include "backend/product.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "base/sizes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POOL_BYTES = 128 << 20, SCALES = 1 << 20 };

typedef struct bench {
    const assay_kernels *kernels;
    assay_pool *pool;
    void *scratch;
    void *packed, *bf16, *f32; /* POOL_BYTES each: of packed types any bytes, else numbers of ordinary size */
    float *scales;             /* SCALES of them, beside the integers of types of several tensors */
    size_t at;                 /* where the next weight begins */
} bench;

typedef struct question {
    char precision[8], kind[16], type[16];
    size_t m, in, out;
} question;

static bool type_named(const char *name, assay_dtype *type)
{
    for (int i = 0; i < ASSAY_DTYPE_COUNT; i++) {
        *type = (assay_dtype)i;
        if (!strcmp(assay_dtype_name(*type), name)) return assay_dtype_is_weight(*type);
    }
    return false;
}

/* Of packed weights neither bit 6 nor a missing bit 5 makes a scale huge or tiny; numbers are 1 to 2 or their
 * negatives. */
static void fill(const bench *b)
{
    assay_rng rng = {.seed = 3};
    for (size_t i = 0; i < POOL_BYTES / sizeof(uint64_t); i++)
        ((uint64_t *)b->packed)[i] = (assay_rng_u64(&rng) & 0xbfbfbfbfbfbfbfbfu) | 0x2020202020202020u;
    for (size_t i = 0; i < POOL_BYTES / sizeof(uint16_t); i++)
        ((uint16_t *)b->bf16)[i] = (uint16_t)(0x3f80u | (i * 37 & 0x7f) | (i * 11 & 0x10) << 11);
    for (size_t i = 0; i < POOL_BYTES / sizeof(float); i++)
        ((float *)b->f32)[i] = assay_bf16_to_f32(((uint16_t *)b->bf16)[i]);
    for (size_t i = 0; i < SCALES; i++) b->scales[i] = 0.0078125f;
}

/* The next weight of the pool, [out, in]. */
static assay_matrix next_weight(bench *b, const question *q, assay_dtype type, const assay_parts *parts)
{
    const char *pool = type == ASSAY_F32 ? b->f32 : type == ASSAY_BF16 ? b->bf16 : b->packed;
    size_t bytes = q->out * assay_dtype_row_bytes(type, q->in);
    b->at = b->at + 2 * bytes <= POOL_BYTES ? b->at + bytes : 0;
    return (assay_matrix){.data = pool + b->at,
                          .dtype = type,
                          .row_stride = (ptrdiff_t)q->in,
                          .col_stride = 1,
                          .to_bf16 = !strcmp(q->precision, "bf16"),
                          .parts = assay_dtype_block(type) < ASSAY_GROUP && type > ASSAY_BOOL ? parts : NULL};
}

static assay_gemm_bf16_args product_of(bench *b, const question *q, const assay_matrix *weight, float *result)
{
    bool bf16 = !strcmp(q->precision, "bf16"), forward = !strcmp(q->kind, "forward");
    size_t k = forward ? q->in : q->out, n = forward ? q->out : q->in;
    assay_gemm_bf16_args args = {.m = q->m, .n = n, .k = k, .ldc = n};
    args.a = (assay_matrix){.data = bf16 ? b->bf16 : b->f32,
                            .dtype = bf16 ? ASSAY_BF16 : ASSAY_F32,
                            .row_stride = (ptrdiff_t)k,
                            .col_stride = 1};
    args.b = forward ? assay_matrix_transposed(*weight) : *weight;
    if (bf16 && forward) args.bf16_c = (uint16_t *)(void *)result;
    else args.c = result;
    return args;
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether the pool has a weight and tokens of that size, and there are scales enough: one of 64 elements, one of a row.
 */
static bool fits(const question *q, assay_dtype type)
{
    return q->in % assay_dtype_block(type) == 0 && q->out * assay_dtype_row_bytes(type, q->in) <= POOL_BYTES &&
           q->m * assay_larger(q->in, q->out) * sizeof(float) <= POOL_BYTES &&
           assay_larger(q->in * q->out / 64, q->out) <= SCALES;
}

/* Negative: what is asked cannot be measured. */
static double measure(bench *b, const question *q)
{
    assay_dtype type;
    if (!type_named(q->type, &type) || !fits(q, type)) return -1;
    const assay_parts parts = {.scales = (const uint8_t *)b->scales,
                               .block_shift = 6,
                               .round = ASSAY_PARTS_BF16,
                               .cols = q->in,
                               .block_rows = 128,
                               .block_cols = 128,
                               .scale_type = ASSAY_PARTS_F32,
                               .rows = q->out,
                               .group_count = (q->in + 127) / 128,
                               .bits = type == ASSAY_GPTQ ? 4 : 0};
    bool bf16 = !strcmp(q->precision, "bf16");
    size_t widest = assay_larger(q->in, q->out),
           packed_bytes = assay_gemm_bf16_packed_bytes(q->m, (widest + 1) / 2, true);
    void *packed = assay_alloc(1, packed_bytes);
    float *result = assay_alloc(q->m * widest, sizeof *result);
    double seconds = -1;
    if (packed && result) {
        memset(result, 0, q->m * widest * sizeof *result);
        memset(packed, 0, packed_bytes);
        const assay_matrix weight = next_weight(b, q, type, &parts);
        assay_gemm_bf16_args args = product_of(b, q, &weight, result);
        args.packed = packed;
        args.packed_bytes = packed_bytes;
        double start = processor_seconds();
        assay_product(b->kernels, b->pool, b->scratch, bf16, &args);
        seconds = processor_seconds() - start;
    }
    assay_free(packed);
    assay_free(result);
    return seconds;
}

static bool open_bench(bench *b)
{
    if (assay_kernels_select(&b->kernels, NULL, NULL) || assay_pool_create(&b->pool, 1, NULL)) return false;
    b->scratch = assay_alloc(1, assay_larger(assay_gemm_scratch_bytes(), assay_gemm_bf16_scratch_bytes()));
    b->packed = assay_alloc(1, POOL_BYTES);
    b->bf16 = assay_alloc(1, POOL_BYTES);
    b->f32 = assay_alloc(1, POOL_BYTES);
    b->scales = assay_alloc(SCALES, sizeof *b->scales);
    if (!b->scratch || !b->packed || !b->bf16 || !b->f32 || !b->scales) return false;
    fill(b);
    return true;
}

int main(void)
{
    bench b = {0};
    question q;
    char line[200];
    if (!open_bench(&b)) return 1;
    printf("{\"kernels\": \"%s\"}\n", b.kernels->name);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) &&
           sscanf(line, "%7s %15s %15s %zu %zu %zu", q.precision, q.kind, q.type, &q.m, &q.in, &q.out) == 6) {
        printf("{\"seconds\": %.9f}\n", measure(&b, &q));
        fflush(stdout);
    }
    assay_free(b.scratch);
    assay_free(b.packed);
    assay_free(b.bf16);
    assay_free(b.f32);
    assay_free(b.scales);
    assay_pool_destroy(b.pool);
    return 0;
}
