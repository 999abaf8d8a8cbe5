#include "base/rng.h"

#include <math.h>

static void philox_round(uint32_t counter[4], const uint32_t key[2])
{
    uint64_t a = (uint64_t)0xD2511F53u * counter[0];
    uint64_t b = (uint64_t)0xCD9E8D57u * counter[2];
    uint32_t next[4] = {(uint32_t)(b >> 32) ^ counter[1] ^ key[0], (uint32_t)b,
                        (uint32_t)(a >> 32) ^ counter[3] ^ key[1], (uint32_t)a};
    for (int i = 0; i < 4; i++) counter[i] = next[i];
}

void assay_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t round_key[2] = {key[0], key[1]};
    for (int i = 0; i < 4; i++) out[i] = counter[i];
    for (int round = 0; round < 10; round++) {
        philox_round(out, round_key);
        round_key[0] += 0x9E3779B9u;
        round_key[1] += 0xBB67AE85u;
    }
}

uint64_t assay_rng_u64(assay_rng *rng)
{
    uint32_t key[2] = {(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)};
    uint32_t counter[4] = {(uint32_t)rng->index, (uint32_t)(rng->index >> 32), (uint32_t)rng->stream,
                           (uint32_t)(rng->stream >> 32)};
    uint32_t out[4];
    assay_philox(key, counter, out);
    rng->index++;
    return (uint64_t)out[1] << 32 | out[0];
}

double assay_rng_uniform(assay_rng *rng) { return (double)(assay_rng_u64(rng) >> 11) * 0x1p-53; }

double assay_rng_normal(assay_rng *rng)
{
    double radius = sqrt(-2.0 * log(1.0 - assay_rng_uniform(rng)));
    return radius * cos(6.283185307179586 * assay_rng_uniform(rng));
}

uint64_t assay_rng_below(assay_rng *rng, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t drawn;
    do {
        drawn = assay_rng_u64(rng);
    } while (drawn >= limit);
    return drawn % bound;
}

void assay_rng_shuffle(assay_rng *rng, uint32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)assay_rng_below(rng, i);
        uint32_t kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}

uint64_t assay_rng_stream(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}
