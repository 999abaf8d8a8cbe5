/* MXFP4: an exponent e, then nibbles as in Q4_0 that are e2m1 numbers (sign, two bits of exponent, one of mantissa);
 * value 2^(e - 128) T[q], T twice the number so that it is whole. (OCP Microscaling Formats 1.0; ggml, block_mxfp4) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

static const int8_t twice[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/* 2^(e - 128); the two smallest are subnormal. */
static float power(uint8_t e)
{
    uint32_t bits = e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void assay_mxfp4_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = power(src[0]);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = d * (float)twice[src[1 + j] & 15];
        dst[j + 16] = d * (float)twice[src[1 + j] >> 4];
    }
}
