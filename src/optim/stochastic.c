/* The 16 bits that bf16 leaves out of a float say how far it is from the lower of its neighbours, in 65536 parts: a
 * number drawn from as many is added to them, and carries into what is kept as often as that. Signs do not matter, as
 * bits are those of the magnitude. */
#include "optim/stochastic.h"

#include "base/float16.h"
#include "base/rng.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

static uint16_t round_one(float value, uint32_t random)
{
    uint32_t bits;
    if (!isfinite(value)) return assay_f32_to_bf16(value);
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + random) >> 16);
}

void assay_stochastic_round(const assay_stochastic *draw, size_t first, const float *values, size_t count,
                            uint16_t *out)
{
    const uint32_t key[2] = {(uint32_t)(draw->seed ^ draw->weight), (uint32_t)((draw->seed ^ draw->weight) >> 32)};
    for (size_t at = 0; at < count; at += ASSAY_STOCHASTIC_AT_ONCE) {
        uint64_t place = (first + at) / ASSAY_STOCHASTIC_AT_ONCE;
        const uint32_t counter[4] = {(uint32_t)place, (uint32_t)(place >> 32), (uint32_t)draw->step,
                                     (uint32_t)(draw->step >> 32)};
        uint32_t drawn[4];
        assay_philox(key, counter, drawn);
        size_t n = assay_smaller(count - at, ASSAY_STOCHASTIC_AT_ONCE);
        for (size_t i = 0; i < n; i++) out[at + i] = round_one(values[at + i], drawn[i / 2] >> i % 2 * 16 & 0xffff);
    }
}
