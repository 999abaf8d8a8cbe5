/* MXFP4: an exponent e, then nibbles as in Q4_0 that are e2m1 numbers (sign, two bits of exponent, one of mantissa);
 * value 2^(e - 128) T[q], T twice the number so that it is whole. (OCP Microscaling Formats 1.0; ggml, block_mxfp4) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/mxfp4_values.h"

void assay_mxfp4_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_mxfp4_power(src[0]);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = d * (float)assay_mxfp4_values[src[1 + j] & 15];
        dst[j + 16] = d * (float)assay_mxfp4_values[src[1 + j] >> 4];
    }
}
