/* The map has seven decades, each of twice as many steps as the one below it: with a sign from one step on, and twice,
 * else from two. 0 and 1 make them 256. All is computed in f32, as the source computes it. */
#include "quant/dynamic_map.h"

#include "quant/round.h"

enum { DECADES = 7 };

/* torch.linspace(0.1, 1, steps + 1) in f32: from either end, each element one fused product and sum. */
static float step_border(size_t steps, size_t i)
{
    float width = (1.0f - 0.1f) / (float)steps;
    return i < (steps + 1) / 2 ? fmaf(width, (float)i, 0.1f) : fmaf(-width, (float)(steps - i), 1);
}

void assay_dynamic_map(float map[ASSAY_DYNAMIC_LEVELS], bool has_sign)
{
    static const float powers[DECADES] = {1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1};
    size_t zero = has_sign ? ASSAY_DYNAMIC_LEVELS / 2 - 1 : 0, step = 0;
    map[zero] = 0;
    for (size_t decade = 0; decade < DECADES; decade++)
        for (size_t i = 0, steps = (size_t)(has_sign ? 1 : 2) << decade; i < steps; i++) {
            float value = powers[decade] * ((step_border(steps, i) + step_border(steps, i + 1)) / 2);
            map[zero + ++step] = value;
            if (has_sign) map[zero - step] = -value;
        }
    map[ASSAY_DYNAMIC_LEVELS - 1] = 1;
}

/* How many borders between two values of the map lie below. */
static size_t level_of(const float *map, float value)
{
    size_t low = 0, high = ASSAY_DYNAMIC_LEVELS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((map[middle] + map[middle + 1]) / 2 < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

void assay_dynamic_levels(const float map[ASSAY_DYNAMIC_LEVELS], const float *values, size_t count, float scale,
                          uint8_t *levels)
{
    float ones[ASSAY_DYNAMIC_BLOCK];
    assay_bring_to_one(values, count, ASSAY_DYNAMIC_BLOCK, scale, ones);
    for (size_t i = 0; i < count; i++) levels[i] = (uint8_t)level_of(map, ones[i]);
}

void assay_dynamic_values(const float map[ASSAY_DYNAMIC_LEVELS], const uint8_t *levels, size_t count, float scale,
                          float *values)
{
    for (size_t i = 0; i < count; i++) values[i] = map[levels[i]] * scale;
}
