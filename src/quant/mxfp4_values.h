/* What the fields of an MXFP4 block stand for: nibbles as twice an e2m1 number, so that it is whole, and the exponent
 * as half the power that the block is scaled by. (OCP Microscaling Formats 1.0) */
#ifndef ASSAY_QUANT_MXFP4_VALUES_H
#define ASSAY_QUANT_MXFP4_VALUES_H

#include <stdint.h>
#include <string.h>

static const int8_t assay_mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/* 2^(e - 128); the two smallest are subnormal. */
static inline float assay_mxfp4_power(uint8_t e)
{
    uint32_t bits = e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
