/* Which pairs come when, and which of them share a micro-batch.
 *
 * The order of an epoch is a shuffle by (seed, epoch): a pure function, so the position (pairs taken since the run
 * began) is all a checkpoint needs. An optimizer step takes batch_pairs pairs; the last step of an epoch takes what is
 * left. A step's pairs are cut into runs of consecutive pairs, each with at most micro_tokens tokens (the shared part
 * counted once); a pair is never cut.
 *
 *     assay_sampler sampler;
 *     ASSAY_TRY(assay_sampler_init(&sampler, examples.count, seed, position, err));
 *     size_t count;
 *     const uint32_t *picked = assay_sampler_next(&sampler, batch_pairs, &count);
 *     ASSAY_TRY(assay_micro_runs_cut(&runs, &examples, picked, count, micro_tokens, err));
 *     // picked[runs.begin[i]] .. picked[runs.begin[i + 1] - 1]
 *     for (size_t i = 0; i < runs.count; i++) compute(picked + runs.begin[i], runs.begin[i + 1] - runs.begin[i]);
 */
#ifndef ASSAY_DATA_BATCHES_H
#define ASSAY_DATA_BATCHES_H

#include "data/example.h"

/* order: `count` elements, becomes a permutation of 0 .. count - 1. */
void assay_epoch_order(uint32_t *order, size_t count, uint64_t seed, uint64_t epoch);

typedef struct assay_sampler {
    size_t count; /* of examples, at least 1 */
    uint64_t seed;
    uint64_t position; /* pairs taken; position / count is the epoch */
    uint64_t epoch;    /* whose order is in `order` */
    uint32_t *order;
} assay_sampler;

assay_status assay_sampler_init(assay_sampler *sampler, size_t count, uint64_t seed, uint64_t position,
                                assay_error *err);
void assay_sampler_release(assay_sampler *sampler); /* safe on a zeroed one */

/* The next up to `wanted` (>= 1) indices of examples, never across an epoch's end; valid until the next call. */
const uint32_t *assay_sampler_next(assay_sampler *sampler, size_t wanted, size_t *count);

/* Optimizer steps of an epoch. */
size_t assay_steps_per_epoch(size_t count, size_t batch_pairs);

typedef struct assay_micro_runs {
    size_t *begin; /* count + 1 elements: run i is begin[i] .. begin[i + 1] - 1 of the picked examples */
    size_t count, capacity;
    size_t most_tokens; /* of the fullest run */
} assay_micro_runs;

/* A zeroed or used `runs`; its memory is used again. A pair of more than micro_tokens tokens is ASSAY_E_NO_FIT naming
 * its file and line. */
assay_status assay_micro_runs_cut(assay_micro_runs *runs, const assay_example_set *set, const uint32_t *picked,
                                  size_t count, size_t micro_tokens, assay_error *err);
void assay_micro_runs_release(assay_micro_runs *runs); /* safe on a zeroed one */

#endif
