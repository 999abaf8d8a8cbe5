/* The map's seven decades: in the i-th, from 10^(i-7) to 10^(i-6), lie the middles of 2^i (with sign) or 2^(i+1) equal
 * parts. With their negatives, 0 and 1 that makes 256. Computed in float throughout, as the source computes it. */
#include "optim/dynamic_map.h"

#include <math.h>
#include <stdlib.h>

enum { DECADES = 7 };

/* The i-th of n equally spaced values from 0.1 to 1: the first half counts from the left end, the other from the right,
 * as torch.linspace does. */
static float spaced(size_t i, size_t n)
{
    float step = (1.0f - 0.1f) / (float)(n - 1);
    return i < n / 2 ? fmaf(step, (float)i, 0.1f) : fmaf(-step, (float)(n - 1 - i), 1.0f);
}

static int compare(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void assay_dynamic_map(float map[ASSAY_DYNAMIC_CODES], bool has_sign)
{
    static const double scales[DECADES] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
    size_t count = 0;
    for (size_t i = 0; i < DECADES; i++) {
        size_t parts = (size_t)1 << (has_sign ? i : i + 1);
        for (size_t j = 0; j < parts; j++) {
            float middle = (spaced(j, parts + 1) + spaced(j + 1, parts + 1)) / 2.0f * (float)scales[i];
            map[count++] = middle;
            if (has_sign) map[count++] = -middle;
        }
    }
    map[count++] = 0.0f;
    map[count++] = 1.0f;
    qsort(map, count, sizeof *map, compare);
}

/* Of the value that is nearest to x, of two equally near the smaller: found by halving, then one look at the left. */
static uint8_t nearest(const float map[ASSAY_DYNAMIC_CODES], float x)
{
    size_t first = 0;
    for (size_t half = ASSAY_DYNAMIC_CODES / 2; half; half /= 2)
        if (map[first + half - 1] < x) first += half;
    bool left = first && x - map[first - 1] <= map[first] - x;
    return (uint8_t)(left ? first - 1 : first);
}

void assay_dynamic_pack(const float map[ASSAY_DYNAMIC_CODES], const float *values, size_t count, uint8_t *codes,
                        float *largest)
{
    float most = 0.0f;
    for (size_t i = 0; i < count; i++) most = fabsf(values[i]) > most || isnan(values[i]) ? fabsf(values[i]) : most;
    *largest = most;
    for (size_t i = 0; i < count; i++) codes[i] = nearest(map, most > 0.0f ? values[i] / most : 0.0f);
}

void assay_dynamic_unpack(const float map[ASSAY_DYNAMIC_CODES], const uint8_t *codes, size_t count, float largest,
                          float *values)
{
    for (size_t i = 0; i < count; i++) values[i] = map[codes[i]] * largest;
}
