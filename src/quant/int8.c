/* INT8 (LLM.int8's weights): value q * s / 127 with a scale s a row, the division a product with the f32 next to 1 /
 * 127. (bitsandbytes, functional.py, int8_vectorwise_dequant) */
#include "quant/parts_type.h"

#include <string.h>

void assay_int8_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    for (size_t at = first, end = first + count; at < end;) {
        size_t row = at / parts->cols, border = (row + 1) * parts->cols;
        float scale;
        memcpy(&scale, parts->scales + row * sizeof scale, sizeof scale);
        for (; at < end && at < border; at++) *dst++ = (float)(int8_t)src[at] * scale * 7.874015718698502e-3f;
    }
}
