/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11).
 * The number is a pure function of (key, counter): nothing to save, nothing to restore, the same on every thread.
 * Dropout asks with counters made of what the element *is* (step, site, pair, position, feature), never of where it
 * lies in a batch. assay_rng is a small stream on top for sequential uses (initialisation, shuffling); its state is
 * three plain numbers. */
#ifndef ASSAY_BASE_RNG_H
#define ASSAY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

void assay_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

typedef struct assay_rng {
    uint64_t seed;
    uint64_t stream; /* which sequence: give every use its own */
    uint64_t index;  /* how many 64-bit numbers were drawn */
} assay_rng;

uint64_t assay_rng_u64(assay_rng *rng);
double assay_rng_uniform(assay_rng *rng);                 /* in [0, 1), 53 bits */
double assay_rng_normal(assay_rng *rng);                  /* mean 0, variance 1 (Box-Muller, two draws a number) */
uint64_t assay_rng_below(assay_rng *rng, uint64_t bound); /* in [0, bound), unbiased; bound > 0 */

/* Fisher-Yates. */
void assay_rng_shuffle(assay_rng *rng, uint32_t *items, size_t count);

/* A 64-bit hash of a name, for stream numbers (FNV-1a). */
uint64_t assay_rng_stream(const char *name);

#endif
