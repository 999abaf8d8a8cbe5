/* Row kernels in plain C: the reference, and the source of the wider sets. Loops run over blocks of ASSAY_LANES
 * independent lanes and every product that joins a sum is an explicit fmaf, so a compiler may put the lanes into
 * registers of any width without changing one bit (contraction is switched off; nothing here is reassociated). x86/avx2
 * and x86/avx512 compile this very file with wider registers under another table name. The tail of a row (fewer than 16
 * elements) goes to lanes 0.. like a full block whose other lanes are absent. */
#include "backend/exponential.h"
#include "backend/kernels.h"
#include "base/float_bits.h"

#include <math.h>

#ifndef ASSAY_ROWS_TABLE
#define ASSAY_ROWS_TABLE assay_rows_plain
#endif

enum { L = ASSAY_LANES };

static float fold_lanes(float lanes[L])
{
    for (int width = L / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++) lanes[j] += lanes[j + width];
    return lanes[0];
}

static float dot(const float *x, const float *y, size_t n)
{
    float lanes[L] = {0};
    size_t i = 0;
    for (; i + L <= n; i += L)
        for (int j = 0; j < L; j++) lanes[j] = fmaf(x[i + (size_t)j], y[i + (size_t)j], lanes[j]);
    for (size_t j = 0; i + j < n; j++) lanes[j] = fmaf(x[i + j], y[i + j], lanes[j]);
    return fold_lanes(lanes);
}

static float sum(const float *x, size_t n)
{
    float lanes[L] = {0};
    size_t i = 0;
    for (; i + L <= n; i += L)
        for (int j = 0; j < L; j++) lanes[j] += x[i + (size_t)j];
    for (size_t j = 0; i + j < n; j++) lanes[j] += x[i + j];
    return fold_lanes(lanes);
}

static void axpy(float a, const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = fmaf(a, x[i], y[i]);
}

static void scale(float a, const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a * x[i];
}

static inline float sigmoid_one(float x) { return 1.0f / (1.0f + assay_exp(-x)); }

static float rms_rstd(const float *x, size_t n, float eps) { return 1.0f / sqrtf(dot(x, x, n) / (float)n + eps); }

static float rms_norm(const float *x, const float *w, float *y, size_t n, float eps)
{
    float rstd = rms_rstd(x, n, eps);
    for (size_t i = 0; i < n; i++) y[i] = w[i] * (x[i] * rstd);
    return rstd;
}

static float dot_of_three(const float *x, const float *y, const float *z, size_t n)
{
    float lanes[L] = {0};
    size_t i = 0;
    for (; i + L <= n; i += L)
        for (int j = 0; j < L; j++) lanes[j] = fmaf(x[i + (size_t)j] * y[i + (size_t)j], z[i + (size_t)j], lanes[j]);
    for (size_t j = 0; i + j < n; j++) lanes[j] = fmaf(x[i + j] * y[i + j], z[i + j], lanes[j]);
    return fold_lanes(lanes);
}

static void rms_norm_backward(const float *x, const float *w, const float *dy, float *dx, size_t n, float rstd,
                              bool add)
{
    float pull = dot_of_three(w, dy, x, n) / (float)n * rstd * rstd;
    if (add)
        for (size_t i = 0; i < n; i++) dx[i] = fmaf(fmaf(-x[i], pull, w[i] * dy[i]), rstd, dx[i]);
    else
        for (size_t i = 0; i < n; i++) dx[i] = fmaf(-x[i], pull, w[i] * dy[i]) * rstd;
}

static void rope(float *x, const float *cosine, const float *sine, size_t half, bool adjacent, float sign)
{
    size_t step = adjacent ? 2 : 1, partner = adjacent ? 1 : half;
    for (size_t i = 0; i < half; i++) {
        float *a = x + i * step, *b = a + partner;
        float s = sign * sine[i], first = *a, second = *b;
        *a = first * cosine[i] - second * s;
        *b = second * cosine[i] + first * s;
    }
}

static void swiglu(const float *g, const float *u, float *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = g[i] * sigmoid_one(g[i]) * u[i];
}

static void swiglu_backward(const float *g, const float *u, const float *ds, float *dg, float *du, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float q = sigmoid_one(g[i]), silu = g[i] * q, d = ds[i];
        dg[i] = d * u[i] * (q * fmaf(g[i], 1.0f - q, 1.0f));
        du[i] = d * silu;
    }
}

/* gelu(x) = x * sigmoid(2 z) with z = sqrt(2/pi) (x + 0.044715 x^3): 1 + tanh(z) is 2 sigmoid(2 z). */
static const float gelu_twice = 1.5957691216057308f, gelu_cube = 0.044715f;

static inline float gelu_gate(float x) { return sigmoid_one(gelu_twice * fmaf(gelu_cube * x * x, x, x)); }

static inline float gelu_slope(float x, float q)
{
    return fmaf(x * q * (1.0f - q), gelu_twice * fmaf(3.0f * gelu_cube * x, x, 1.0f), q);
}

static void geglu(const float *g, const float *u, float *s, size_t n)
{
    for (size_t i = 0; i < n; i++) s[i] = g[i] * gelu_gate(g[i]) * u[i];
}

static void geglu_backward(const float *g, const float *u, const float *ds, float *dg, float *du, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float q = gelu_gate(g[i]), gelu = g[i] * q, d = ds[i];
        dg[i] = d * u[i] * gelu_slope(g[i], q);
        du[i] = d * gelu;
    }
}

static void gelu_alone(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] * gelu_gate(x[i]);
}

static void gelu_backward(const float *x, const float *dy, float *dx, size_t n, bool add)
{
    if (add)
        for (size_t i = 0; i < n; i++) dx[i] = fmaf(dy[i], gelu_slope(x[i], gelu_gate(x[i])), dx[i]);
    else
        for (size_t i = 0; i < n; i++) dx[i] = dy[i] * gelu_slope(x[i], gelu_gate(x[i]));
}

static void layer_statistics(const float *x, float *y, size_t n, float eps, float *mean, float *rstd)
{
    float m = sum(x, n) / (float)n;
    for (size_t i = 0; i < n; i++) y[i] = x[i] - m;
    *mean = m;
    *rstd = 1.0f / sqrtf(dot(y, y, n) / (float)n + eps);
}

static void layer_norm(const float *x, const float *w, const float *b, float *y, size_t n, float eps)
{
    float mean, rstd;
    layer_statistics(x, y, n, eps, &mean, &rstd);
    if (b)
        for (size_t i = 0; i < n; i++) y[i] = fmaf(w[i], y[i] * rstd, b[i]);
    else
        for (size_t i = 0; i < n; i++) y[i] = w[i] * (y[i] * rstd);
}

static void layer_norm_backward(const float *x, const float *w, const float *dy, float *dx, size_t n, float mean,
                                float rstd, bool add)
{
    float total = dot(w, dy, n), shift = total / (float)n;
    float pull = (dot_of_three(w, dy, x, n) - mean * total) / (float)n * rstd * rstd;
    if (add)
        for (size_t i = 0; i < n; i++) dx[i] = fmaf(fmaf(mean - x[i], pull, w[i] * dy[i] - shift), rstd, dx[i]);
    else
        for (size_t i = 0; i < n; i++) dx[i] = fmaf(mean - x[i], pull, w[i] * dy[i] - shift) * rstd;
}

/* tanh by an odd polynomial near zero, where 1 - 2 / (e^2x + 1) would lose its digits (Cephes, tanhf.c). */
static inline float tanh_one(float x)
{
    float z = x * x, p = -5.70498872745e-3f;
    p = fmaf(p, z, 2.06390887954e-2f);
    p = fmaf(p, z, -5.37397155531e-2f);
    p = fmaf(p, z, 1.33314422036e-1f);
    p = fmaf(p, z, -3.33332819422e-1f);
    float near = fmaf(p * z, x, x), far = 1.0f - 2.0f / (assay_exp(2.0f * x) + 1.0f);
    return z < 0.390625f ? near : far;
}

static void cap(float *x, float *slope, size_t n, float inner, float outer)
{
    for (size_t i = 0; slope && i < n; i++) {
        float t = tanh_one(inner * x[i]);
        slope[i] = fmaf(-t, t, 1.0f);
    }
    for (size_t i = 0; i < n; i++) x[i] = outer * tanh_one(inner * x[i]);
}

static float maximum(const float *x, size_t n)
{
    float lanes[L];
    size_t i = 0;
    for (int j = 0; j < L; j++) lanes[j] = x[0];
    for (; i + L <= n; i += L)
        for (int j = 0; j < L; j++) lanes[j] = x[i + (size_t)j] > lanes[j] ? x[i + (size_t)j] : lanes[j];
    for (; i < n; i++) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
    for (int j = 1; j < L; j++) lanes[0] = lanes[j] > lanes[0] ? lanes[j] : lanes[0];
    return lanes[0];
}

static void softmax(float *x, size_t n, size_t padded, float factor)
{
    float m = maximum(x, n) * factor;
    for (size_t i = 0; i < n; i++) x[i] = assay_exp(fmaf(x[i], factor, -m));
    float total = sum(x, n), inverse = 1.0f / total;
    for (size_t i = 0; i < n; i++) x[i] *= inverse;
    for (size_t i = n; i < padded; i++) x[i] = 0.0f;
}

static void softmax_backward(const float *p, float *ds, size_t n, float delta, float factor)
{
    for (size_t i = 0; i < n; i++) ds[i] = p[i] * (ds[i] - delta) * factor;
}

static void adamw(float *weight, const float *gradient, float *m, float *v, size_t n, const assay_adam_step *step)
{
    float rate = step->lr / step->correction1, root = sqrtf(step->correction2),
          keep = 1.0f - step->lr * step->weight_decay;
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i] * step->gradient_scale;
        m[i] = fmaf(step->rest1, g - m[i], m[i]);
        v[i] = fmaf(step->rest2 * g, g, step->beta2 * v[i]);
        float denominator = sqrtf(v[i]) / root + step->eps;
        weight[i] = weight[i] * keep - rate * (m[i] / denominator);
    }
}

static void column_sum(const float *a, size_t lda, const float *b, size_t ldb, const float *row_scale, size_t rows,
                       size_t cols, float *out)
{
    for (size_t first = 0; first < cols; first += L) {
        size_t width = cols - first < L ? cols - first : L;
        float lanes[L] = {0};
        for (size_t t = 0; t < rows; t++) {
            const float *x = a + t * lda + first, *y = b ? b + t * ldb + first : NULL;
            float factor = row_scale ? row_scale[t] : 1.0f;
            for (size_t j = 0; j < width; j++) lanes[j] = fmaf(x[j], y ? y[j] * factor : factor, lanes[j]);
        }
        for (size_t j = 0; j < width; j++) out[first + j] += lanes[j];
    }
}

static void widen(const uint16_t *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = assay_bf16_wide(x[i]);
}

static void narrow(const float *x, uint16_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = assay_bf16_round(x[i]);
}

const assay_rows ASSAY_ROWS_TABLE = {
    .dot = dot,
    .sum = sum,
    .axpy = axpy,
    .scale = scale,
    .rms_norm = rms_norm,
    .rms_rstd = rms_rstd,
    .rms_norm_backward = rms_norm_backward,
    .rope = rope,
    .swiglu = swiglu,
    .swiglu_backward = swiglu_backward,
    .geglu = geglu,
    .geglu_backward = geglu_backward,
    .gelu = gelu_alone,
    .gelu_backward = gelu_backward,
    .layer_norm = layer_norm,
    .layer_statistics = layer_statistics,
    .layer_norm_backward = layer_norm_backward,
    .cap = cap,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .adamw = adamw,
    .column_sum = column_sum,
    .widen = widen,
    .narrow = narrow,
};
