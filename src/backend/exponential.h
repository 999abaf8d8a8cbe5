/* e^x by 2^n * p(r), r in [-ln2/2, ln2/2], p the degree-7 Taylor-like polynomial, in fused multiply-adds: the same bits
 * in every kernel set. From 2^-126.5 down (and for -inf) the result is 0, above the range it is clamped to e^88, NaN
 * stays NaN. Measured against double: at most 1.2 units in the last place. */
#ifndef ASSAY_BACKEND_EXPONENTIAL_H
#define ASSAY_BACKEND_EXPONENTIAL_H

#include "base/float_bits.h"

#include <math.h>

static inline float assay_exp(float x)
{
    const float round_magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float clamped = x > 88.0f ? 88.0f : x < -88.0f ? -88.0f : x;
    float rounded = fmaf(clamped, 1.44269504088896341f, round_magic), n = rounded - round_magic;
    float r = fmaf(n, -0.693359375f, clamped);
    r = fmaf(n, 2.12194440e-4f, r);
    float p = 1.98412698e-4f;
    p = fmaf(p, r, 1.38888889e-3f);
    p = fmaf(p, r, 8.33333333e-3f);
    p = fmaf(p, r, 4.16666667e-2f);
    p = fmaf(p, r, 1.66666667e-1f);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    /* n is in its low bits: no conversion that NaN has no result of, and 2^-127 comes out as 0 */
    uint32_t exponent = assay_float_bits(rounded);
    return p * assay_bits_float((exponent - 0x4b400000u + 127) << 23);
}

#endif
