/* The table of kernels, chosen once for a run.
 *
 * A kernel set is a constant assay_kernels: a name, row kernels (one row or one block of rows at a time; no threads
 * inside), the matrix product's packing and its innermost tile. "plain" is portable C and the reference; "avx2" and
 * "avx512" are the same row kernels compiled for wider registers and a hand-written tile; packing is compiled likewise,
 * or written by hand where that pays.
 *
 * The bits are the same in every set, because the order of every sum is part of the definition, not of the
 * implementation:
 *   - a row sum is 16 interleaved partial sums (element i goes to lane i mod 16, fused multiply-add), folded 8, 4, 2,
 *   1;
 *   - a matrix product's element is, per fold of the inner dimension, one chain of fused multiply-adds from zero in
 *   rising order,
 *     and the folds' sums are added in rising order (see gemm.h);
 *   - exp is our own polynomial, in fused multiply-adds.
 * Products of bf16 operands are the exception: how the processor's own instruction rounds inside a pair is its own
 * affair, so their bits are the same for one kernel set, whatever the batch, threads or plan, and differ between sets
 * in the last f32 place. f32 unless said. Letters: T rows, C columns. Strides (ld) count elements. Pointers never alias
 * unless said.
 */
#ifndef ASSAY_BACKEND_KERNELS_H
#define ASSAY_BACKEND_KERNELS_H

#include "tensor/stored.h"

enum { ASSAY_LANES = 16 };

typedef struct assay_adam_step {
    float lr, beta2, eps, weight_decay;
    float rest1, rest2;             /* 1 - beta1 and 1 - beta2, formed in double: 1 - 0.999f would be 1.3e-5 off */
    float correction1, correction2; /* 1 - beta^t */
    float gradient_scale;           /* clipping factor */
} assay_adam_step;

typedef struct assay_rows {
    /* sum_i x[i] * y[i] and sum_i x[i] */
    float (*dot)(const float *x, const float *y, size_t n);
    float (*sum)(const float *x, size_t n);

    /* y = a * x + y; y = a * x (y may be x) */
    void (*axpy)(float a, const float *x, float *y, size_t n);
    void (*scale)(float a, const float *x, float *y, size_t n);

    /* y[j] = w[j] * x[j] * rstd, rstd = 1 / sqrt(mean(x^2) + eps); returns rstd.  (Zhang & Sennrich,
     * arXiv:1910.07467) */
    float (*rms_norm)(const float *x, const float *w, float *y, size_t n, float eps);
    float (*rms_rstd)(const float *x, size_t n, float eps);
    /* dx[j] (+)= rstd * (w[j] dy[j] - x[j] * rstd^2 * mean(w dy x)) */
    void (*rms_norm_backward)(const float *x, const float *w, const float *dy, float *dx, size_t n, float rstd,
                              bool add);

    /* Rotates pairs of x in place over the first 2 * half columns. adjacent: (x[2i], x[2i+1]), else (x[i], x[i +
     * half]). sign +1: forward, -1: the transpose. cos and sin hold `half` values. */
    void (*rope)(float *x, const float *cosine, const float *sine, size_t half, bool adjacent, float sign);

    /* s = silu(g) * u;  backward: dg = ds * u * silu'(g), du = ds * silu(g), both overwritten */
    void (*swiglu)(const float *g, const float *u, float *s, size_t n);
    void (*swiglu_backward)(const float *g, const float *u, const float *ds, float *dg, float *du, size_t n);

    /* The same with gelu in its tanh form for silu, 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); and gelu alone: dx
     * is overwritten, or added to where `add` */
    void (*geglu)(const float *g, const float *u, float *s, size_t n);
    void (*geglu_backward)(const float *g, const float *u, const float *ds, float *dg, float *du, size_t n);
    void (*gelu)(const float *x, float *y, size_t n);
    void (*gelu_backward)(const float *x, const float *dy, float *dx, size_t n, bool add);

    /* y[j] = w[j] * (x[j] - mean) * rstd + b[j] (b may be NULL), rstd = 1 / sqrt(mean((x - mean)^2) + eps). y is not x.
     * (Ba et al., arXiv:1607.06450) Statistics alone: y is memory for n values. */
    void (*layer_norm)(const float *x, const float *w, const float *b, float *y, size_t n, float eps);
    void (*layer_statistics)(const float *x, float *y, size_t n, float eps, float *mean, float *rstd);
    /* dx[j] (+)= rstd * (w dy - mean(w dy) - (x - mean) * rstd^2 * mean(w dy (x - mean))) */
    void (*layer_norm_backward)(const float *x, const float *w, const float *dy, float *dx, size_t n, float mean,
                                float rstd, bool add);

    /* x = outer * tanh(inner * x); slope, may be NULL: 1 - tanh^2, its derivative where inner * outer is 1 */
    void (*cap)(float *x, float *slope, size_t n, float inner, float outer);

    /* x[i] = exp(scale * x[i] - m) / sum over the first n; m is the maximum of scale * x. Columns n..padded become
     * 0. */
    void (*softmax)(float *x, size_t n, size_t padded, float scale);
    /* ds[i] = p[i] * (ds[i] - delta) * scale */
    void (*softmax_backward)(const float *p, float *ds, size_t n, float delta, float scale);

    /* weight, m, v in place: AdamW (Loshchilov & Hutter, arXiv:1711.05101; torch.optim.AdamW's order of operations) */
    void (*adamw)(float *weight, const float *gradient, float *m, float *v, size_t n, const assay_adam_step *step);

    /* out[j] += sum over rows t of a[t * lda + j] (* b[t * ldb + j] * scale[t]); b may be NULL, scale may be NULL: the
     * gradient of a bias or of a norm's weight over one fold of rows */
    void (*column_sum)(const float *a, size_t lda, const float *b, size_t ldb, const float *scale, size_t rows,
                       size_t cols, float *out);

    /* bf16 to f32, exact; f32 to bf16, nearest even, NaN stays NaN */
    void (*widen)(const uint16_t *x, float *y, size_t n);
    void (*narrow)(const float *x, uint16_t *y, size_t n);
} assay_rows;

/* Products of bf16 operands with f32 sums. The tile is the same in every set. */
enum { ASSAY_BF16_MR = 12, ASSAY_BF16_NR = 32 };

/* An operand as packing sees it: element i of a lane is src[lane * lane_stride + i * k_stride]. */
typedef struct assay_lanes {
    const void *src;
    assay_dtype dtype; /* F32, F16 or BF16 */
    ptrdiff_t lane_stride, k_stride;
    size_t lanes, k;
} assay_lanes;

/* Where an element of F32, F16 or BF16 lies. */
static inline const char *assay_element_at(const void *src, assay_dtype dtype, ptrdiff_t index)
{
    return (const char *)src + index * (ptrdiff_t)(dtype == ASSAY_F32 ? sizeof(float) : sizeof(uint16_t));
}

enum { ASSAY_CACHE_LINE = 64 };

/* Memory that will be wanted soon, line by line: runs of `run` neighbouring lines, `jump` bytes between a run's end and
 * the next. in_run: lines left of the run that `at` is in; lines: left in all. `at` is a number, because it may leave
 * the operand by the end of its last line. */
typedef struct assay_ahead {
    uintptr_t at;
    ptrdiff_t jump;
    size_t run, in_run, lines;
} assay_ahead;

typedef struct assay_bf16_kernels {
    /* the processor multiplies pairs of bf16 itself; else operands are widened: as right, slower than f32 */
    bool native;
    /* Packs an operand as pairs of bf16 in panels of `width` lanes (MR or NR), `panel` words apart: word i * width +
     * lane of a panel holds elements 2i (low half) and 2i + 1 of its lane, zero beyond k and in lanes beyond. F32 and
     * F16 are rounded to nearest even. No word beyond a panel's last pair is written. */
    void (*pack)(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from);
    /* c[i * ldc + j] = (add ? c : 0) + sum over pairs in rising order, one chain of f32 sums that continues from c. MR
     * x NR elements are written. A tile may bring the next lines of `ahead` (may be NULL) into the caches while it
     * multiplies, and moves it on. */
    void (*tile)(size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ldc, bool add,
                 assay_ahead *ahead);
    /* Multiplies and adds in registers alone, the yardstick of benchmarks: returns the FLOPs of one round (counting 2
     * for a multiply-add); NULL: use the tile. */
    double (*spin)(size_t rounds);
} assay_bf16_kernels;

/* Attention's softmax on tiles of scores s[keys, ASSAY_QUERIES]: a row is a key, a column a query; only the first
 * `lanes` columns are looked at. A key that a query does not see has the score -inf. scale is positive. */
enum { ASSAY_QUERIES = 96 };

typedef struct assay_scores {
    /* s = e^(scale * s - max) with the running maxima max[lanes] (of scale * s; -inf before the first tile) raised by
     * this tile's first. Sums of earlier tiles have to be multiplied by shrink[lanes]; sum[lanes] is, and takes up this
     * tile. */
    void (*fold)(float *s, size_t keys, size_t lanes, float scale, float *max, float *sum, float *shrink);
    /* The same without storing, and delta likewise the running sum of e^(scale * s - max) * dp */
    void (*fold_backward)(const float *s, const float *dp, size_t keys, size_t lanes, float scale, float *max,
                          float *sum, float *delta);
    /* s = p = e^(scale * s - max) * inverse; dp = p * (dp - delta) * scale */
    void (*gradients)(float *s, float *dp, size_t keys, size_t lanes, float scale, const float *max,
                      const float *inverse, const float *delta);
    /* Packs all ASSAY_QUERIES columns, rounded to bf16, as left operands of a product over keys (an even number of
     * them): panels of ASSAY_BF16_MR columns, `panel` words apart. */
    void (*pack)(uint32_t *dst, size_t panel, const float *s, size_t keys);
} assay_scores;

/* Packs `lanes` (at most width) lanes of a strided operand, k-major: dst[i * width + lane] = src[lane * lane_stride + i
 * * k_stride], zero in lanes beyond. Converts F16 and BF16 exactly. */
typedef void assay_panel_pack(float *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                              ptrdiff_t k_stride, size_t lanes, size_t k);

typedef struct assay_kernels {
    const char *name;
    const assay_rows *rows;
    assay_panel_pack *pack;
    size_t mr, nr; /* the tile: mr rows of A against nr columns of B */
    /* c[i * ldc + j] (+)= sum_k a[k * mr + i] * b[k * nr + j], one chain of fma from zero for each element. add: adds
     * the chain's result to c, else overwrites. All mr x nr elements of c are written. */
    void (*tile)(size_t k, const float *a, const float *b, float *c, size_t ldc, bool add);
    double (*spin)(size_t rounds); /* as in assay_bf16_kernels, in f32 */
    const assay_bf16_kernels *bf16;
    const assay_scores *scores;
    const assay_decoders *decoders; /* of packed weights, may be NULL (tensor/stored.h) */
} assay_kernels;

/* The best set this processor runs, or the one named (NULL: best). Unknown or unsupported names are an error listing
 * what there is. */
assay_status assay_kernels_select(const assay_kernels **out, const char *name, assay_error *err);

/* All sets this processor can run, plain first; index from 0, NULL behind the last. */
const assay_kernels *assay_kernels_at(size_t index);

/* The widest registers of this processor that a kernel set is written for: "AVX-512", "AVX2" or "none" (the plain set
 * runs, in what the compiler makes of it). */
const char *assay_vectors_name(void);

extern assay_panel_pack assay_panel_pack_plain;
extern const assay_rows assay_rows_plain;
extern const assay_bf16_kernels assay_bf16_plain;
extern const assay_scores assay_scores_plain;
extern const assay_kernels assay_kernels_plain;
#if defined(__x86_64__)
extern assay_panel_pack assay_panel_pack_avx2, assay_panel_pack_plain_avx2, assay_panel_pack_avx512;
extern const assay_rows assay_rows_avx2, assay_rows_avx512;
extern const assay_decoders assay_decoders_avx2;
extern const assay_scores assay_scores_avx2, assay_scores_avx512;
extern const assay_bf16_kernels assay_bf16_avx2, assay_bf16_plain_avx2, assay_bf16_avx512, assay_bf16_native_avx512;
#endif

#endif
