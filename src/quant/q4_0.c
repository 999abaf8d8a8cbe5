/* Q4_0: d, then 16 bytes: element j in the low nibble of byte j, element j + 16 in its high one; value d (q - 8).
 * (ggml, block_q4_0) */
#include "quant/block_bytes.h"
#include "quant/block_type.h"

void assay_q4_0_decode(const uint8_t *src, size_t part, float *dst)
{
    float d = assay_block_f16(src);
    (void)part;
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)((src[2 + j] & 15) - 8) * d;
        dst[j + 16] = (float)((src[2 + j] >> 4) - 8) * d;
    }
}
