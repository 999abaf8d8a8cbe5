/* A trainer's step and evaluation where its model is cut into stages (train/pipe.h): what each process of a row does
 * with the lanes of its group.
 *
 *     assay_staged_walk walk = {.trainer = t, .picked = picked, .count = n, .judge = judge, .context = c};
 *     assay_staged_begin(&walk);
 *     ASSAY_TRY(assay_staged_lane(&walk, begin, end, err)); // each lane that has pairs, in order
 *     ASSAY_TRY(assay_staged_end(&walk, err));
 */
#ifndef ASSAY_TRAIN_STAGED_H
#define ASSAY_TRAIN_STAGED_H

#include "train/trainer.h"

typedef struct assay_staged_walk {
    assay_trainer *trainer;
    const uint32_t *picked; /* of the step, `count` of them */
    size_t count;
    /* Where the rewards of pairs begin to end - 1 are known: their gradients, or NULL where a loss is not finite. */
    const float *(*judge)(void *context, size_t begin, size_t end);
    void *context;
    /* The walk's own: micro-batches that went up and came down, and the lane that is cut for those that go up. */
    size_t ups, downs, lane, run, lane_begin;
    const float *d_rewards;
} assay_staged_walk;

void assay_staged_begin(assay_staged_walk *walk);
/* The gradients of a lane's pairs are added where the trainer's engine is bound to. */
assay_status assay_staged_lane(assay_staged_walk *walk, size_t begin, size_t end, assay_error *err);
assay_status assay_staged_end(assay_staged_walk *walk, assay_error *err);

/* The norm of all stages' gradients, added up in the order of one process; the same everywhere. */
assay_status assay_staged_norm(const assay_trainer *trainer, double *norm, assay_error *err);

/* For assay_score_setup.forward; the context is the trainer. */
assay_status assay_staged_score(void *trainer, const assay_geometry *geometry, assay_error *err);

#endif
