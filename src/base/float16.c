/* Sixteen bits to f32 and back, a value at a time. Compilers keep these branches; those of loops: base/float_bits.h. */
#include "base/float16.h"

#include "base/float_bits.h"

/* A subnormal f16 is mantissa * 2^-24, which f32 holds exactly. */
float assay_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
    if (exponent == 0) return assay_bits_float(sign | assay_float_bits((float)mantissa * 0x1p-24f));
    if (exponent == 31) return assay_bits_float(sign | 0x7f800000u | mantissa << 13);
    return assay_bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Below the smallest normal half, adding 0.5 places the value so that f32's own rounding to nearest even is the
 * half's. */
uint16_t assay_f32_to_f16(float value)
{
    uint32_t bits = assay_float_bits(value), sign = bits >> 16 & 0x8000u;
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (bits >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
    if (bits < 0x38800000u) {
        float placed = assay_bits_float(bits) + 0.5f;
        return (uint16_t)(sign | (assay_float_bits(placed) - assay_float_bits(0.5f)));
    }
    bits += 0xfffu + (bits >> 13 & 1u);
    return (uint16_t)(sign | (bits - (112u << 23)) >> 13);
}

float assay_bf16_to_f32(uint16_t bits) { return assay_bits_float((uint32_t)bits << 16); }

uint16_t assay_f32_to_bf16(float value)
{
    uint32_t bits = assay_float_bits(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
    bits += 0x7fffu + (bits >> 16 & 1u);
    return (uint16_t)(bits >> 16);
}
