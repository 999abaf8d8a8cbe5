/* IQ4_XS: d, the upper two bits of eight scales in one u16, their nibbles in four bytes, then 16 bytes a group of 32,
 * nibbles as in Q4_0; value d (s - 32) T[q]. (ggml, block_iq4_xs) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/iq4_values.h"

void assay_iq4_xs_decode(const uint8_t *src, size_t part, float *dst)
{
    const uint8_t *q = src + 8 + 16 * part;
    int low = src[4 + part / 2] >> (part % 2 ? 4 : 0) & 15, high = (src[2] | src[3] << 8) >> 2 * part & 3;
    float step = assay_block_f16(src) * (float)((low | high << 4) - 32);
    for (int j = 0; j < 16; j++) {
        dst[j] = step * (float)assay_iq4_values[q[j] & 15];
        dst[j + 16] = step * (float)assay_iq4_values[q[j] >> 4];
    }
}
