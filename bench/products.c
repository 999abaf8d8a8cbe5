/* One bf16 product after the other, for bench/products.py, which builds and starts this and tells how to run it. A line
 * of input is "KIND M IN OUT" (a linear layer of IN inputs and OUT outputs over M tokens); the answer is one line of
 * JSON with the fastest of a few calls in seconds and the rate of the register loop (GFLOP/s) beside it. forward: y = x
 * W^T; input: dx = dy W; weight: dW = dy^T x, summed in f32. */
#include "backend/gemm_bf16.h"
#include "backend/peak.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { THREADS = 2, CALLS = 5 };

typedef struct bench {
    const assay_kernels *kernels;
    assay_pool *pool;
    void *scratch;
} bench;

static assay_matrix rows(const uint16_t *data, size_t columns)
{
    return (assay_matrix){.data = data, .dtype = ASSAY_BF16, .row_stride = (ptrdiff_t)columns, .col_stride = 1};
}

/* Values between 1 and 2, or their negatives: no denormals, no overflow. */
static uint16_t *values(size_t count)
{
    uint16_t *data = assay_alloc(count, sizeof *data);
    for (size_t i = 0; data && i < count; i++) data[i] = (uint16_t)(0x3f80u | (i * 37 & 0x7f) | (i * 11 & 0x10) << 11);
    return data;
}

static double register_loop(const bench *b) { return assay_peak_rate(b->pool, b->kernels->bf16->spin); }

static double fastest(bench *b, const assay_gemm_bf16_args *args)
{
    double best = 1e9;
    assay_gemm_bf16(b->kernels, b->pool, b->scratch, args); /* touches every page */
    for (int i = 0; i < CALLS; i++) {
        double start = assay_clock_seconds();
        assay_gemm_bf16(b->kernels, b->pool, b->scratch, args);
        double took = assay_clock_seconds() - start;
        best = took < best ? took : best;
    }
    return best;
}

/* Seconds of one product; 0 for a kind that is not known, negative when memory is short. */
static double measure(bench *b, const char *kind, size_t m, size_t in, size_t out)
{
    uint16_t *x = values(m * in), *w = values(out * in), *dy = values(m * out);
    float *result = assay_alloc(m * (in > out ? in : out) + in * out, sizeof *result);
    double seconds = -1;
    assay_gemm_bf16_args args = {0};
    size_t packed_bytes = assay_gemm_bf16_packed_bytes(in > out ? in : out, (in > out ? in : out) / 2 + m, true);
    uint32_t *packed = assay_alloc(1, packed_bytes);
    if (x && w && dy && result && packed) {
        seconds = 0;
        if (!strcmp(kind, "forward"))
            args = (assay_gemm_bf16_args){.m = m,
                                          .n = out,
                                          .k = in,
                                          .a = rows(x, in),
                                          .b = assay_matrix_transposed(rows(w, in)),
                                          .bf16_c = (uint16_t *)(void *)result,
                                          .ldc = out};
        if (!strcmp(kind, "input"))
            args = (assay_gemm_bf16_args){
                .m = m, .n = in, .k = out, .a = rows(dy, out), .b = rows(w, in), .c = result, .ldc = in};
        if (!strcmp(kind, "weight"))
            args = (assay_gemm_bf16_args){.m = out,
                                          .n = in,
                                          .k = m,
                                          .a = assay_matrix_transposed(rows(dy, out)),
                                          .b = rows(x, in),
                                          .c = result,
                                          .ldc = in};
        args.packed = packed;
        args.packed_bytes = packed_bytes;
        if (args.m) seconds = fastest(b, &args);
    }
    assay_free(x);
    assay_free(w);
    assay_free(dy);
    assay_free(result);
    assay_free(packed);
    return seconds;
}

int main(void)
{
    bench b = {0};
    char line[200], kind[20];
    size_t m, in, out;
    if (assay_kernels_select(&b.kernels, NULL, NULL) || assay_pool_create(&b.pool, THREADS, NULL)) return 1;
    b.scratch = assay_alloc((size_t)assay_pool_size(b.pool), assay_gemm_bf16_scratch_bytes());
    if (!b.scratch || !b.kernels->bf16 || !b.kernels->bf16->spin) return 1;
    printf("{\"kernels\": \"%s\", \"threads\": %d}\n", b.kernels->name, assay_pool_size(b.pool));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%19s %zu %zu %zu", kind, &m, &in, &out) == 4) {
        double before = register_loop(&b), seconds = measure(&b, kind, m, in, out), after = register_loop(&b);
        printf("{\"seconds\": %.9f, \"peak\": %.1f}\n", seconds, before > after ? before : after);
        fflush(stdout);
    }
    assay_free(b.scratch);
    assay_pool_destroy(b.pool);
    return 0;
}
