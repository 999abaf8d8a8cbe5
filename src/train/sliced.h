/* A trainer's step where processes share AdamW's moments out (optim/moment_slices.h): each has those of one slice, sums
 * up the gradients of that slice alone, moves its weights, and gives them to the others. The processes are those that
 * have the same weights: all, or those of a stage (train/shares.h).
 *
 *     ASSAY_TRY(assay_sliced_begin(t, items, count, err)); // as items are made; before the optimizer
 *     ... each step
 *     ASSAY_TRY(assay_sliced_sum(t, err));
 *     squares = assay_sliced_squares(t, 0);                // the same everywhere
 *     assay_optimizer_step(t->optimizer, t->kernels, t->pool, &hyper, lr, norm); // of the slice
 *     ASSAY_TRY(assay_sliced_spread(t, err));
 *     ...
 *     assay_sliced_end(t);                                 // safe where there was no beginning
 *
 * One slice, which is all: nothing of this happens, and none of it is called but the first and the last.
 */
#ifndef ASSAY_TRAIN_SLICED_H
#define ASSAY_TRAIN_SLICED_H

#include "train/trainer.h"

/* Whether the moments are shared out. */
bool assay_sliced(const assay_trainer *trainer);

/* What slices ask of the items that an optimizer will be made of. */
assay_status assay_sliced_begin(assay_trainer *trainer, assay_optimizer_item *items, size_t count, assay_error *err);
void assay_sliced_end(assay_trainer *trainer);

/* Behind it the gradients of this process's slice are the sums of all, and all have the sum of squares of every chunk.
 * The room behind the first gradients is used. */
assay_status assay_sliced_sum(assay_trainer *trainer, assay_error *err);

/* The sum of squares of all gradients, going on from another; bits as assay_optimizer_squares. */
double assay_sliced_squares(const assay_trainer *trainer, double squares);

/* The sums of all gradients to all, for who looks for a number in them that is none. */
assay_status assay_sliced_gather(assay_trainer *trainer, assay_error *err);

/* The weights of this process's slice to all, and theirs here. The room behind the first gradients is used. */
assay_status assay_sliced_spread(assay_trainer *trainer, assay_error *err);

#endif
