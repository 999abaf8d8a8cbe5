/* --tie-parameter learn: the one number of an objective that models ties, learned beside the model's weights.
 *
 *     assay_learned_tie tie;
 *     assay_learned_tie_begin(&tie, &objective);
 *     // of each step, where tie.slope is the loss's derivative by log(tie parameter - its lower limit)
 *     assay_learned_tie_step(&tie, &objective, &hyper, steps, share);
 *
 * The slope is summed in double over all pairs of the step in their order, which every process does from everybody's
 * rewards: so threads, micro-batches, lanes and processes change no bit of it. It is moved by AdamW without decay or
 * clipping, at a learning rate of its own times the schedule's share: a weight is one of many thousands that move the
 * loss together, and this one has a long way to go alone.
 */
#ifndef ASSAY_TRAIN_LEARNED_TIE_H
#define ASSAY_TRAIN_LEARNED_TIE_H

#include "objective/objective.h"
#include "optim/optimizer.h"

#define ASSAY_LEARNED_TIE_RATE 0.01

typedef struct assay_learned_tie {
    double place, m, v; /* place: log(tie parameter - its lower limit); what a checkpoint keeps */
    double slope;       /* of the present step */
} assay_learned_tie;

enum { ASSAY_LEARNED_TIE_STATE = 3 }; /* doubles to keep: place, m, v */

/* Does nothing where the parameter is not learned, as do the others. */
void assay_learned_tie_begin(assay_learned_tie *tie, const assay_objective_settings *settings);

/* steps: of the optimizer, this one included; share: of the learning rate, by the schedule. Puts the new value into the
 * settings. */
void assay_learned_tie_step(assay_learned_tie *tie, assay_objective_settings *settings,
                            const assay_optimizer_hyper *hyper, uint64_t steps, double share);

#endif
