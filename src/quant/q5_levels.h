/* The 32 levels of five bits of Q5_0 and Q5_1: nibbles as in Q4_0, the fifth bits in one u32 before them. */
#ifndef ASSAY_QUANT_Q5_LEVELS_H
#define ASSAY_QUANT_Q5_LEVELS_H

#include <stdint.h>
#include <string.h>

static inline void assay_put_q5(uint8_t *dst, const int *levels)
{
    uint32_t fifth = 0;
    for (int j = 0; j < 16; j++) {
        dst[4 + j] = (uint8_t)((levels[j] & 15) | (levels[j + 16] & 15) << 4);
        fifth |= (uint32_t)(levels[j] >> 4) << j | (uint32_t)(levels[j + 16] >> 4) << (j + 16);
    }
    memcpy(dst, &fifth, sizeof fifth);
}

/* ggml cuts off x + 0.5 rather than rounding x. */
static inline int assay_cut_level(float value)
{
    if (!(value > 0)) return 0;
    return value > 31 ? 31 : (int)value;
}

#endif
