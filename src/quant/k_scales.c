#include "quant/k_scales.h"

#include "quant/k_fit.h"
#include "quant/round.h"

static void put_scale(uint8_t *scales, size_t i, int scale, int minimum)
{
    if (i < 4) {
        scales[i] |= (uint8_t)scale;
        scales[i + 4] |= (uint8_t)minimum;
        return;
    }
    scales[i + 4] = (uint8_t)((scale & 15) | (minimum & 15) << 4);
    scales[i - 4] |= (uint8_t)(scale >> 4 << 6);
    scales[i] |= (uint8_t)(minimum >> 4 << 6);
}

void assay_k_quantise(const float *src, int count, uint8_t *dst, uint8_t *levels)
{
    float scale[8], minimum[8], widest = 0, deepest = 0;
    for (size_t i = 0; i < 8; i++) {
        assay_k_fit(src + 32 * i, 32, count, &scale[i], &minimum[i]);
        widest = fmaxf(widest, scale[i]);
        deepest = fmaxf(deepest, minimum[i]);
    }
    float d = assay_put_f16(dst, widest / 63), m = assay_put_f16(dst + 2, deepest / 63);
    memset(dst + 4, 0, 12);
    for (size_t i = 0; i < 8; i++) {
        int s = assay_level(scale[i] * assay_inverse(d), 0, 63), t = assay_level(minimum[i] * assay_inverse(m), 0, 63);
        float inverse = assay_inverse(d * (float)s), least = m * (float)t;
        put_scale(dst + 4, i, s, t);
        for (size_t j = 32 * i; j < 32 * i + 32; j++)
            levels[j] = (uint8_t)assay_level((src[j] + least) * inverse, 0, count - 1);
    }
}
