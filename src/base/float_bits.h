/* The bits of floats, and bf16 and f16 against f32 without branches, for loops that compilers turn into vectors.
 * base/float16.h has the same conversions for a value at a time. */
#ifndef ASSAY_BASE_FLOAT_BITS_H
#define ASSAY_BASE_FLOAT_BITS_H

#include <stdint.h>
#include <string.h>

static inline float assay_bits_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t assay_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float assay_bf16_wide(uint16_t bits) { return assay_bits_float((uint32_t)bits << 16); }

/* Nearest even; NaN stays NaN. */
static inline uint16_t assay_bf16_round(float value)
{
    uint32_t bits = assay_float_bits(value), nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16,
             quiet = bits >> 16 | 0x40u;
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : nearest);
}

/* Moving the exponent by a multiplication makes subnormal values of 16 bits come out right without a case of their own.
 */
static inline float assay_f16_wide(uint16_t half)
{
    uint32_t magnitude = (uint32_t)(half & 0x7fffu) << 13, sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u | magnitude : 0;
    uint32_t moved = assay_float_bits(assay_bits_float(magnitude) * 0x1p112f);
    return assay_bits_float(sign | (special ? special : moved));
}

#endif
