/* IQ4_NL: d, then nibbles as in Q4_0; value d T[q]. (ggml, block_iq4_nl) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"
#include "quant/iq4_values.h"

void assay_iq4_nl_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = d * (float)assay_iq4_values[src[2 + j] & 15];
        dst[j + 16] = d * (float)assay_iq4_values[src[2 + j] >> 4];
    }
}
