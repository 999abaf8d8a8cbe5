#include "quant/parts_make.h"

#include "quant/four_bits.h"
#include "quant/round.h"

enum { DECADES = 7 };

static const float least_scale = 1e-38f;

float assay_parts_largest(const float *src, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(src[i]));
    return most;
}

/* Values over the scale, in -1 .. 1. */
static void bring_to_one(const float *src, size_t count, size_t block, float scale, float *dst)
{
    float divisor = fmaxf(scale, least_scale), factor = 1 / divisor;
    for (size_t i = 0; i < count; i++) dst[i] = count == block ? src[i] * factor : src[i] / divisor;
    for (size_t i = 0; i < count; i++) dst[i] = fminf(fmaxf(dst[i], -1), 1);
}

void assay_nf4_levels(const float *src, size_t count, float scale, uint8_t *levels)
{
    float values[ASSAY_NF4_BLOCK];
    bring_to_one(src, count, ASSAY_NF4_BLOCK, scale, values);
    for (size_t i = 0; i < count; i++) levels[i] = 0;
    for (size_t level = 0; level < 15; level++) {
        float border = (assay_nf4_values[level] + assay_nf4_values[level + 1]) / 2;
        for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)(levels[i] + (border < values[i]));
    }
}

void assay_int8_round(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = assay_f16_to_f32(assay_f32_to_f16(values[i]));
}

void assay_int8_levels(const float *src, size_t count, float scale, uint8_t *levels)
{
    float factor = scale > 0 ? 1 / scale * 127 : 0; /* torch divides a number by a tensor in this way */
    for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)(int8_t)rintf(src[i] * factor);
}

/* torch.linspace(0.1, 1, steps + 1) in f32: from either end, each element one fused product and sum. */
static float step_border(size_t steps, size_t i)
{
    float width = (1.0f - 0.1f) / (float)steps;
    return i < (steps + 1) / 2 ? fmaf(width, (float)i, 0.1f) : fmaf(-width, (float)(steps - i), 1);
}

void assay_scale_map_make(float map[ASSAY_SCALE_LEVELS])
{
    static const float powers[DECADES] = {1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1};
    size_t above = ASSAY_SCALE_LEVELS / 2, below = above - 2;
    map[above - 1] = 0;
    for (size_t decade = 0; decade < DECADES; decade++)
        for (size_t i = 0, steps = (size_t)1 << decade; i < steps; i++) {
            float middle = (step_border(steps, i) + step_border(steps, i + 1)) / 2;
            map[above++] = powers[decade] * middle;
            map[below--] = -powers[decade] * middle;
        }
    map[above] = 1;
}

/* How many borders between two values of the map lie below. */
static size_t level_of(const float *map, float value)
{
    size_t low = 0, high = ASSAY_SCALE_LEVELS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((map[middle] + map[middle + 1]) / 2 < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

void assay_scale_map_levels(const float map[ASSAY_SCALE_LEVELS], const float *src, size_t count, float scale,
                            uint8_t *levels)
{
    float values[ASSAY_SCALE_BLOCK];
    bring_to_one(src, count, ASSAY_SCALE_BLOCK, scale, values);
    for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)level_of(map, values[i]);
}
