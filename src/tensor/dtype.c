#include "tensor/dtype.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

typedef struct dtype_info {
    const char *name;
    size_t bytes, block;
} dtype_info;

static const dtype_info infos[] = {
#define DTYPE_INFO(name, text, bytes, block) {text, bytes, block},
    ASSAY_DTYPE_MAP(DTYPE_INFO)
#undef DTYPE_INFO
};

const char *assay_dtype_name(assay_dtype dtype) { return infos[dtype].name; }
size_t assay_dtype_block(assay_dtype dtype) { return infos[dtype].block; }
size_t assay_dtype_block_bytes(assay_dtype dtype) { return infos[dtype].bytes; }

bool assay_dtype_from_name(const char *name, assay_dtype *out)
{
    for (int i = 0; i < ASSAY_DTYPE_COUNT; i++)
        if (infos[i].block == 1 && !strcmp(infos[i].name, name)) {
            *out = (assay_dtype)i;
            return true;
        }
    return false;
}

bool assay_dtype_bytes(assay_dtype dtype, size_t elements, size_t *bytes)
{
    if (elements % infos[dtype].block) return false;
    return assay_mul_size(elements / infos[dtype].block, infos[dtype].bytes, bytes);
}

bool assay_dtype_is_weight(assay_dtype dtype)
{
    return dtype == ASSAY_F32 || dtype == ASSAY_F16 || dtype == ASSAY_BF16 || dtype == ASSAY_F64 ||
           infos[dtype].block > 1;
}

static float float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Subnormal bf16 are mantissa * 2^-24, which f32 holds exactly. */
float assay_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
    if (exponent == 0) return float_from_bits(sign | bits_from_float((float)mantissa * 0x1p-24f));
    if (exponent == 31) return float_from_bits(sign | 0x7f800000u | mantissa << 13);
    return float_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Below the smallest normal half, adding 0.5 places the value so that f32's own rounding to nearest even is the
 * half's. */
uint16_t assay_f32_to_f16(float value)
{
    uint32_t bits = bits_from_float(value), sign = bits >> 16 & 0x8000u;
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (bits >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
    if (bits < 0x38800000u) {
        float placed = float_from_bits(bits) + 0.5f;
        return (uint16_t)(sign | (bits_from_float(placed) - bits_from_float(0.5f)));
    }
    bits += 0xfffu + (bits >> 13 & 1u);
    return (uint16_t)(sign | (bits - (112u << 23)) >> 13);
}

float assay_bf16_to_f32(uint16_t bits) { return float_from_bits((uint32_t)bits << 16); }

uint16_t assay_f32_to_bf16(float value)
{
    uint32_t bits = bits_from_float(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
    bits += 0x7fffu + (bits >> 16 & 1u);
    return (uint16_t)(bits >> 16);
}
