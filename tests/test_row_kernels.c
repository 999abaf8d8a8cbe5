/* Every kernel of the table that works on rows, one at a time; see kernel_trial.h. Products' tiles are test_kernels.c's
 * and test_bf16.c's. */
#include "kernel_trial.h"

static void run_dot(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    out[0].data[0] = k->rows->dot(o->x, o->y, o->n);
}

static void define_dot(const operands *o, defined d[OUTPUTS])
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < o->n; i++) {
        sum += at(o->x, i) * at(o->y, i);
        size += fabs(at(o->x, i) * at(o->y, i));
    }
    define(d, 0, sum, size);
}

static void run_sum(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    out[0].data[0] = k->rows->sum(o->x, o->n);
}

static void define_sum(const operands *o, defined d[OUTPUTS])
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < o->n; i++) {
        sum += at(o->x, i);
        size += fabs(at(o->x, i));
    }
    define(d, 0, sum, size);
}

static void run_axpy(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->y, o->n * sizeof(float));
    k->rows->axpy(0.3f, o->x, out[0].data, o->n);
}

static void define_axpy(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++)
        define(d, i, (double)0.3f * at(o->x, i) + at(o->y, i), fabs(at(o->x, i)) + fabs(at(o->y, i)));
}

static void run_scale(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->scale(-1.3f, o->x, out[0].data, o->n);
    memcpy(out[1].data, o->x, o->n * sizeof(float));
    k->rows->scale(-1.3f, out[1].data, out[1].data, o->n);
}

static void define_scale(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++)
        for (int both = 0; both < 2; both++) define(&d[both], i, (double)-1.3f * at(o->x, i), 1.3 * fabs(at(o->x, i)));
}

static double rstd_of(const operands *o, double eps)
{
    double squares = 0;
    for (size_t i = 0; i < o->n; i++) squares += at(o->x, i) * at(o->x, i);
    return 1 / sqrt(squares / (double)o->n + eps);
}

static void run_rms_norm(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    out[1].data[0] = k->rows->rms_norm(o->x, o->y, out[0].data, o->n, 1e-2f);
}

static void define_rms_norm(const operands *o, defined d[OUTPUTS])
{
    double rstd = rstd_of(o, (double)1e-2f);
    define(&d[1], 0, rstd, rstd);
    for (size_t i = 0; i < o->n; i++)
        define(d, i, at(o->y, i) * at(o->x, i) * rstd, fabs(at(o->y, i) * at(o->x, i) * rstd));
}

static void run_rms_rstd(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    out[0].data[0] = k->rows->rms_rstd(o->x, o->n, 1e-2f);
}

static void define_rms_rstd(const operands *o, defined d[OUTPUTS])
{
    define(d, 0, rstd_of(o, (double)1e-2f), rstd_of(o, (double)1e-2f));
}

static void run_rms_norm_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    float rstd = (float)rstd_of(o, 1e-2);
    k->rows->rms_norm_backward(o->x, o->y, o->z, out[0].data, o->n, rstd, false);
    memcpy(out[1].data, o->y, o->n * sizeof(float));
    k->rows->rms_norm_backward(o->x, o->y, o->z, out[1].data, o->n, rstd, true);
}

static void define_rms_norm_backward(const operands *o, defined d[OUTPUTS])
{
    double rstd = (double)(float)rstd_of(o, 1e-2), pull = 0, pull_size = 0;
    for (size_t i = 0; i < o->n; i++) {
        double product = at(o->x, i) * at(o->y, i) * at(o->z, i) / (double)o->n * rstd * rstd;
        pull += product;
        pull_size += fabs(product);
    }
    for (size_t i = 0; i < o->n; i++) {
        double wdy = at(o->y, i) * at(o->z, i), value = (wdy - at(o->x, i) * pull) * rstd,
               size = (fabs(wdy) + fabs(at(o->x, i)) * pull_size) * rstd;
        define(&d[0], i, value, size);
        define(&d[1], i, at(o->y, i) + value, fabs(at(o->y, i)) + size);
    }
}

static void run_rope(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->x, o->n * sizeof(float));
    memcpy(out[1].data, o->x, o->n * sizeof(float));
    k->rows->rope(out[0].data, o->y, o->z, o->n / 2, false, 1.0f);
    k->rows->rope(out[1].data, o->y, o->z, o->n / 2, true, -1.0f);
}

static void define_rope(const operands *o, defined d[OUTPUTS])
{
    size_t half = o->n / 2;
    for (int adjacent = 0; adjacent < 2; adjacent++) {
        double sign = adjacent ? -1 : 1;
        define(&d[adjacent], o->n - 1, at(o->x, o->n - 1), 0); /* of an odd row the last stays */
        for (size_t i = 0; i < half; i++) {
            size_t first = adjacent ? 2 * i : i, second = adjacent ? 2 * i + 1 : i + half;
            double a = at(o->x, first), b = at(o->x, second), c = at(o->y, i), s = sign * at(o->z, i);
            define(&d[adjacent], first, a * c - b * s, fabs(a * c) + fabs(b * s));
            define(&d[adjacent], second, b * c + a * s, fabs(b * c) + fabs(a * s));
        }
    }
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void run_swiglu(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->swiglu(o->x, o->y, out[0].data, o->n);
}

static void define_swiglu(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double g = at(o->x, i), u = at(o->y, i), q = sigmoid(g);
        define(d, i, g * q * u, fabs(g * u) * (q + FAINT));
    }
}

static void run_swiglu_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->swiglu_backward(o->x, o->y, o->z, out[0].data, out[1].data, o->n);
}

static void define_swiglu_backward(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double g = at(o->x, i), u = at(o->y, i), ds = at(o->z, i), q = sigmoid(g);
        define(&d[0], i, ds * u * q * (1 + g * (1 - q)), fabs(ds * u) * (q + FAINT) * (1 + fabs(g)));
        define(&d[1], i, ds * g * q, fabs(ds * g) * (q + FAINT));
    }
}

/* The argument of the sigmoid that gelu is made of, and what its roundings cost at the sigmoid. */
static double gelu_argument(double x) { return 1.5957691216057308 * (x + 0.044715 * x * x * x); }

static double gelu_size(double x)
{
    double z = gelu_argument(x);
    return (sigmoid(z) + FAINT) * (1 + fabs(z));
}

static double gelu_slope(double x)
{
    double q = sigmoid(gelu_argument(x));
    return q + x * q * (1 - q) * 1.5957691216057308 * (1 + 3 * 0.044715 * x * x);
}

static double gelu_slope_size(double x) { return gelu_size(x) * (1 + fabs(x) * (1 + 0.2 * x * x)); }

static void run_geglu(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->geglu(o->x, o->y, out[0].data, o->n);
    k->rows->gelu(o->x, out[1].data, o->n);
}

static void define_geglu(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double g = at(o->x, i), u = at(o->y, i), gelu = g * sigmoid(gelu_argument(g));
        define(&d[0], i, gelu * u, fabs(g * u) * gelu_size(g));
        define(&d[1], i, gelu, fabs(g) * gelu_size(g));
    }
}

static void run_geglu_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->geglu_backward(o->x, o->y, o->z, out[0].data, out[1].data, o->n);
    memcpy(out[2].data, o->y, o->n * sizeof(float));
    k->rows->gelu_backward(o->x, o->z, out[2].data, o->n, true);
}

static void define_geglu_backward(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double g = at(o->x, i), u = at(o->y, i), ds = at(o->z, i), slope = gelu_slope(g), size = gelu_slope_size(g);
        define(&d[0], i, ds * u * slope, fabs(ds * u) * size);
        define(&d[1], i, ds * g * sigmoid(gelu_argument(g)), fabs(ds * g) * gelu_size(g));
        define(&d[2], i, u + ds * slope, fabs(u) + fabs(ds) * size);
    }
}

static void run_gelu_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->gelu_backward(o->x, o->z, out[0].data, o->n, false);
}

static void define_gelu_backward(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++)
        define(d, i, at(o->z, i) * gelu_slope(at(o->x, i)), fabs(at(o->z, i)) * gelu_slope_size(at(o->x, i)));
}

typedef struct moments {
    double mean, rstd, largest;
} moments;

static moments moments_of(const operands *o)
{
    moments m = {0};
    double squares = 0;
    for (size_t i = 0; i < o->n; i++) {
        m.mean += at(o->x, i) / (double)o->n;
        m.largest = fmax(m.largest, fabs(at(o->x, i)));
    }
    for (size_t i = 0; i < o->n; i++) squares += (at(o->x, i) - m.mean) * (at(o->x, i) - m.mean);
    m.rstd = 1 / sqrt(squares / (double)o->n + (double)1e-2f);
    return m;
}

static void run_layer_norm(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->layer_norm(o->x, o->y, o->z, out[0].data, o->n, 1e-2f);
    k->rows->layer_norm(o->x, o->y, NULL, out[1].data, o->n, 1e-2f);
}

/* x less the mean may lose all digits of the largest number in the row. */
static void define_layer_norm(const operands *o, defined d[OUTPUTS])
{
    moments m = moments_of(o);
    for (size_t i = 0; i < o->n; i++) {
        double value = at(o->y, i) * (at(o->x, i) - m.mean) * m.rstd, size = fabs(at(o->y, i)) * m.largest * m.rstd;
        define(&d[0], i, value + at(o->z, i), size + fabs(at(o->z, i)));
        define(&d[1], i, value, size);
    }
}

static void run_layer_statistics(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    k->rows->layer_statistics(o->x, out[0].data, o->n, 1e-2f, &out[1].data[0], &out[1].data[1]);
}

static void define_layer_statistics(const operands *o, defined d[OUTPUTS])
{
    moments m = moments_of(o);
    for (size_t i = 0; i < o->n; i++) define(&d[0], i, at(o->x, i) - m.mean, m.largest);
    define(&d[1], 0, m.mean, m.largest);
    define(&d[1], 1, m.rstd, m.rstd * (1 + m.largest * m.rstd));
}

static void run_layer_norm_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    moments m = moments_of(o);
    k->rows->layer_norm_backward(o->x, o->y, o->z, out[0].data, o->n, (float)m.mean, (float)m.rstd, false);
    memcpy(out[1].data, o->y, o->n * sizeof(float));
    k->rows->layer_norm_backward(o->x, o->y, o->z, out[1].data, o->n, (float)m.mean, (float)m.rstd, true);
}

static void define_layer_norm_backward(const operands *o, defined d[OUTPUTS])
{
    moments m = moments_of(o);
    double mean = (double)(float)m.mean, rstd = (double)(float)m.rstd, shift = 0, pull = 0, sizes = 0;
    for (size_t i = 0; i < o->n; i++) {
        double wdy = at(o->y, i) * at(o->z, i) / (double)o->n;
        shift += wdy;
        pull += wdy * (at(o->x, i) - mean) * rstd * rstd;
        sizes += fabs(wdy);
    }
    for (size_t i = 0; i < o->n; i++) {
        double wdy = at(o->y, i) * at(o->z, i), value = (wdy - shift - (at(o->x, i) - mean) * pull) * rstd,
               far = 1 + m.largest * m.largest * rstd * rstd, size = (fabs(wdy) + sizes * far) * rstd;
        define(&d[0], i, value, size);
        define(&d[1], i, at(o->y, i) + value, fabs(at(o->y, i)) + size);
    }
}

static void run_cap(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->x, o->n * sizeof(float));
    k->rows->cap(out[0].data, out[1].data, o->n, 0.25f, 4.0f);
    memcpy(out[2].data, o->x, o->n * sizeof(float));
    k->rows->cap(out[2].data, NULL, o->n, 0.25f, 4.0f);
}

/* Relative to the value itself, near zero too; the slope, which is a difference from one, relative to one. */
static void define_cap(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double t = tanh(0.25 * at(o->x, i));
        define(&d[0], i, 4 * t, fabs(4 * t));
        define(&d[1], i, 1 - t * t, 1);
        define(&d[2], i, 4 * t, fabs(4 * t));
    }
}

static size_t seen_of(size_t n) { return n - n / 3; }

static void run_softmax(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->x, o->n * sizeof(float));
    k->rows->softmax(out[0].data, seen_of(o->n), o->n, 0.125f);
}

static void define_softmax(const operands *o, defined d[OUTPUTS])
{
    double most = -INFINITY, total = 0;
    for (size_t i = 0; i < o->n; i++) define(d, i, 0, 0);
    for (size_t i = 0; i < seen_of(o->n); i++) most = fmax(most, 0.125 * at(o->x, i));
    for (size_t i = 0; i < seen_of(o->n); i++) total += exp(0.125 * at(o->x, i) - most);
    for (size_t i = 0; i < seen_of(o->n); i++) {
        double p = exp(0.125 * at(o->x, i) - most) / total;
        define(d, i, p, (p + FAINT) * (1 + fabs(0.125 * at(o->x, i) - most)));
    }
}

static void run_softmax_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->x, o->n * sizeof(float));
    k->rows->softmax_backward(o->y, out[0].data, o->n, 0.3f, 0.125f);
}

static void define_softmax_backward(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++)
        define(d, i, at(o->y, i) * (at(o->x, i) - (double)0.3f) * 0.125, fabs(at(o->y, i)) * (fabs(at(o->x, i)) + 1));
}

static const assay_adam_step adam = {.lr = 1e-2f,
                                     .beta2 = 0.75f,
                                     .eps = 1e-3f,
                                     .weight_decay = 0.125f,
                                     .rest1 = 0.125f,
                                     .rest2 = 0.25f,
                                     .correction1 = 0.5f,
                                     .correction2 = 0.75f,
                                     .gradient_scale = 0.5f};

/* weight x, gradient z, m y, v z^2 */
static void run_adamw(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    memcpy(out[0].data, o->x, o->n * sizeof(float));
    memcpy(out[1].data, o->y, o->n * sizeof(float));
    for (size_t i = 0; i < o->n; i++) out[2].data[i] = o->z[i] * o->z[i];
    k->rows->adamw(out[0].data, o->z, out[1].data, out[2].data, o->n, &adam);
}

static void define_adamw(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) {
        double g = 0.5 * at(o->z, i), m = at(o->y, i) + 0.125 * (g - at(o->y, i)),
               v = 0.75 * (double)(o->z[i] * o->z[i]) + 0.25 * g * g, rate = (double)adam.lr / 0.5,
               denominator = sqrt(v) / sqrt(0.75) + (double)adam.eps, size = fabs(at(o->y, i)) + fabs(g);
        define(&d[0], i, at(o->x, i) * (1 - (double)adam.lr * 0.125) - rate * m / denominator,
               fabs(at(o->x, i)) + rate * size / denominator);
        define(&d[1], i, m, size);
        define(&d[2], i, v, v);
    }
}

enum { SUM_ROWS = 4 };

/* Rows x and y apart as far as they are long; z scales the rows. */
static void run_column_sum(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    size_t cols = o->n / SUM_ROWS;
    for (int i = 0; i < OUTPUTS; i++) memcpy(out[i].data, o->z, cols * sizeof(float));
    k->rows->column_sum(o->x, cols, o->y, cols, o->z, SUM_ROWS, cols, out[0].data);
    k->rows->column_sum(o->x, cols, o->y, cols, NULL, SUM_ROWS, cols, out[1].data);
    k->rows->column_sum(o->x, cols, NULL, 0, NULL, SUM_ROWS, cols, out[2].data);
}

static void define_column_sum(const operands *o, defined d[OUTPUTS])
{
    size_t cols = o->n / SUM_ROWS;
    for (int i = 0; i < OUTPUTS; i++)
        for (size_t j = 0; j < cols; j++) {
            double sum = at(o->z, j), size = fabs(sum);
            for (size_t t = 0; t < SUM_ROWS; t++) {
                double term = at(o->x, t * cols + j);
                if (i < 2) term *= at(o->y, t * cols + j);
                if (i < 1) term *= at(o->z, t);
                sum += term;
                size += fabs(term);
            }
            define(&d[i], j, sum, size);
        }
}

static void to_16_bits(const float *from, uint16_t *to, size_t n, assay_dtype dtype)
{
    for (size_t i = 0; i < n; i++) to[i] = dtype == ASSAY_F16 ? assay_f32_to_f16(from[i]) : assay_f32_to_bf16(from[i]);
}

static float from_16_bits(uint16_t bits, assay_dtype dtype)
{
    return dtype == ASSAY_F16 ? assay_f16_to_f32(bits) : assay_bf16_to_f32(bits);
}

static void run_widen(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    uint16_t bits[MOST];
    to_16_bits(o->x, bits, o->n, ASSAY_BF16);
    k->rows->widen(bits, out[0].data, o->n);
}

static void run_narrow(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    uint16_t bits[MOST + 1];
    bits[o->n] = 0x1234;
    k->rows->narrow(o->x, bits, o->n);
    for (size_t i = 0; i < o->n; i++) out[0].data[i] = assay_bf16_to_f32(bits[i]);
    assert_int_equal(bits[o->n], 0x1234);
}

static void define_bf16(const operands *o, defined d[OUTPUTS])
{
    for (size_t i = 0; i < o->n; i++) define(d, i, (double)assay_bf16_to_f32(assay_f32_to_bf16(o->x[i])), 0);
}

/* Three ways an operand lies: along k, for an odd k with fewer lanes than the panel is wide, across it, and neither. */
typedef struct packing {
    size_t lanes, k;
    ptrdiff_t lane_stride, k_stride;
} packing;

enum { WIDTH = 16 };

static packing packing_of(size_t n, int way)
{
    size_t k = n / (2 * WIDTH);
    if (way == 0) return (packing){k % 2 ? 13 : WIDTH, k, (ptrdiff_t)k, 1};
    if (way == 1) return (packing){WIDTH, k, 1, WIDTH};
    return (packing){7, k, 2, 2 * WIDTH};
}

static void run_pack(const assay_kernels *k, const operands *o, output out[OUTPUTS], assay_dtype dtype)
{
    uint16_t bits[MOST];
    to_16_bits(o->x, bits, o->n, dtype);
    for (int way = 0; way < 3; way++) {
        packing p = packing_of(o->n, way);
        k->pack(out[way].data, WIDTH, dtype, dtype == ASSAY_F32 ? (const void *)o->x : bits, p.lane_stride, p.k_stride,
                p.lanes, p.k);
    }
}

static void define_pack(const operands *o, defined d[OUTPUTS], assay_dtype dtype)
{
    uint16_t bits[MOST];
    to_16_bits(o->x, bits, o->n, dtype);
    for (int way = 0; way < 3; way++) {
        packing p = packing_of(o->n, way);
        for (size_t i = 0; i < p.k; i++)
            for (size_t lane = 0; lane < WIDTH; lane++) {
                size_t from = lane * (size_t)p.lane_stride + i * (size_t)p.k_stride;
                float value = lane >= p.lanes ? 0 : dtype == ASSAY_F32 ? o->x[from] : from_16_bits(bits[from], dtype);
                define(&d[way], i * WIDTH + lane, (double)value, 0);
            }
    }
}

static void run_pack_f32(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    run_pack(k, o, out, ASSAY_F32);
}

static void define_pack_f32(const operands *o, defined d[OUTPUTS]) { define_pack(o, d, ASSAY_F32); }

static void run_pack_bf16(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    run_pack(k, o, out, ASSAY_BF16);
}

static void define_pack_bf16(const operands *o, defined d[OUTPUTS]) { define_pack(o, d, ASSAY_BF16); }

static void run_pack_f16(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    run_pack(k, o, out, ASSAY_F16);
}

static void define_pack_f16(const operands *o, defined d[OUTPUTS]) { define_pack(o, d, ASSAY_F16); }

/* exp is within 1.2 units of the last place (2.4 roundings) and doubles its argument's; a quotient adds one. */
static const row_kernel row_kernels[] = {
    {"dot", run_dot, define_dot, 5, true},
    {"sum", run_sum, define_sum, 4, true},
    {"axpy", run_axpy, define_axpy, 1, false},
    {"scale", run_scale, define_scale, 1, false},
    {"rms_norm", run_rms_norm, define_rms_norm, 8, true},
    {"rms_rstd", run_rms_rstd, define_rms_rstd, 6, true},
    {"rms_norm_backward", run_rms_norm_backward, define_rms_norm_backward, 12, true},
    {"rope", run_rope, define_rope, 2, false},
    {"swiglu", run_swiglu, define_swiglu, 10, false},
    {"swiglu_backward", run_swiglu_backward, define_swiglu_backward, 16, false},
    {"geglu", run_geglu, define_geglu, 12, false},
    {"geglu_backward", run_geglu_backward, define_geglu_backward, 24, false},
    {"gelu_backward", run_gelu_backward, define_gelu_backward, 24, false},
    {"layer_norm", run_layer_norm, define_layer_norm, 8, true},
    {"layer_statistics", run_layer_statistics, define_layer_statistics, 8, true},
    {"layer_norm_backward", run_layer_norm_backward, define_layer_norm_backward, 16, true},
    {"cap", run_cap, define_cap, 8, false},
    {"softmax", run_softmax, define_softmax, 10, true},
    {"softmax_backward", run_softmax_backward, define_softmax_backward, 3, false},
    {"adamw", run_adamw, define_adamw, 12, false},
    {"column_sum", run_column_sum, define_column_sum, 6, false},
    {"widen", run_widen, define_bf16, 0, false},
    {"narrow", run_narrow, define_bf16, 0, false},
    {"pack of f32", run_pack_f32, define_pack_f32, 0, false},
    {"pack of bf16", run_pack_bf16, define_pack_bf16, 0, false},
    {"pack of f16", run_pack_f16, define_pack_f16, 0, false},
};

static void test_every_row_kernel(void **state)
{
    (void)state;
    check_kernels(row_kernels, sizeof row_kernels / sizeof *row_kernels);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_kernel),
        cmocka_unit_test(test_exp_accuracy),
    };
    return cmocka_run_group_tests_name("row_kernels", tests, NULL, NULL);
}
