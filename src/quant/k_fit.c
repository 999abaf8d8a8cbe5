#include "quant/k_fit.h"

#include "quant/round.h"

enum { TRIALS = 21 };

typedef struct k_line {
    float scale, minimum, error;
} k_line;

static float line_error(const float *x, size_t count, int levels, float scale, float minimum)
{
    float error = 0, inverse = assay_inverse(scale);
    for (size_t i = 0; i < count; i++) {
        float rest = scale * (float)assay_level((x[i] + minimum) * inverse, 0, levels - 1) - minimum - x[i];
        error += rest * rest;
    }
    return error;
}

/* The line through (q, x) of least squares; one that would rise above zero at q = 0 goes through it instead. */
static k_line best_line(const float *x, size_t count, int levels, float inverse, float least)
{
    float n = (float)count, q1 = 0, q2 = 0, x1 = 0, qx = 0;
    for (size_t i = 0; i < count; i++) {
        float q = (float)assay_level((x[i] - least) * inverse, 0, levels - 1);
        q1 += q;
        q2 += q * q;
        x1 += x[i];
        qx += q * x[i];
    }
    k_line line = {.scale = (n * qx - q1 * x1) * assay_inverse(n * q2 - q1 * q1)};
    line.minimum = (line.scale * q1 - x1) / n;
    if (line.minimum < 0) line = (k_line){.scale = qx * assay_inverse(q2)};
    if (line.scale < 0) line.scale = 0;
    line.error = line_error(x, count, levels, line.scale, line.minimum);
    return line;
}

void assay_k_fit(const float *x, size_t count, int levels, float *scale, float *minimum)
{
    float least = 0, most = x[0];
    for (size_t i = 0; i < count; i++) {
        if (x[i] < least) least = x[i];
        if (x[i] > most) most = x[i];
    }
    k_line best = {.scale = (most - least) / (float)(levels - 1), .minimum = -least};
    best.error = line_error(x, count, levels, best.scale, best.minimum);
    for (int i = 0; i < TRIALS && most > least; i++) {
        float inverse = ((float)(levels - 2) + 0.1f * (float)i) / (most - least);
        k_line line = best_line(x, count, levels, inverse, least);
        if (line.error < best.error) best = line;
    }
    *scale = best.scale;
    *minimum = best.minimum;
}

/* The error of the best scale for these levels is sum(x x) - sum(q x)^2 / sum(q q). */
float assay_k_fit_even(const float *x, size_t count, int half)
{
    float farthest = 0, best = 0, gain = 0;
    for (size_t i = 0; i < count; i++)
        if (fabsf(x[i]) > fabsf(farthest)) farthest = x[i];
    for (int t = 0; t < TRIALS; t++) {
        float inverse = -((float)half - 1 + 0.1f * (float)t) * assay_inverse(farthest), qx = 0, qq = 0;
        for (size_t i = 0; i < count; i++) {
            float q = (float)assay_level(x[i] * inverse, -half, half - 1);
            qx += q * x[i];
            qq += q * q;
        }
        if (qx * qx * assay_inverse(qq) <= gain) continue;
        gain = qx * qx / qq;
        best = qx / qq;
    }
    return best;
}
