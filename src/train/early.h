/* Gradients applied as the backward pass reaches them (settings.early): a weight is moved as soon as its gradient is
 * whole, and that goes, so that the gradients of all weights are never there at once. The bits are those of moving all
 * weights behind the pass: AdamW looks at one value at a time, the norm is summed from the same chunks in the same
 * order, and nobody clips by it.
 *
 *     ASSAY_TRY(assay_early_make(trainer, err)); // behind the optimizer
 *     assay_early_begin(trainer, 1e-5);          // each step, before its pass; the engine calls assay_early_take
 *     double norm = assay_early_norm(trainer);   // behind it
 *     assay_early_release(trainer);
 *
 * A step is one micro-batch of one process, in one lane. A gradient without a finite norm ends it; by then weights
 * above may have moved (trainer->early.torn), and there is no state left that could be saved.
 */
#ifndef ASSAY_TRAIN_EARLY_H
#define ASSAY_TRAIN_EARLY_H

#include "train/trainer.h"

assay_status assay_early_make(assay_trainer *trainer, assay_error *err);
void assay_early_release(assay_trainer *trainer); /* safe where nothing was made */

void assay_early_begin(assay_trainer *trainer, double lr);

/* For assay_engine_config: the trainer, one of its parameters, whose gradient is whole. */
assay_status assay_early_take(void *trainer, int param, float *gradient, assay_error *err);

/* Behind a pass: the norm of all gradients. */
double assay_early_norm(const assay_trainer *trainer);

#endif
