/* Bits that flipped in a process's memory, found before they are saved or reach the others.
 *
 *     ASSAY_TRY(assay_state_compare(t, err));          // behind a step: weights, and moments where all have them
 *     status = assay_state_check(t, err);              // before the next: what this process has alone, too
 *     ASSAY_TRY(assay_comm_agree(comm, status, NULL, err));
 *
 * Nothing happens where a process is alone. Weights that all have are compared by their hashes. Where moments are
 * shared out (train/sliced.h) nobody else has them, and a step overwrites the weights of the other slices: so a process
 * keeps a hash of its weights and moments from the end of a step and makes it again before the next update.
 */
#ifndef ASSAY_TRAIN_STATE_CHECK_H
#define ASSAY_TRAIN_STATE_CHECK_H

#include "train/trainer.h"

/* ASSAY_E_UNEQUAL names the processes that differ from the others, everywhere. */
assay_status assay_state_compare(assay_trainer *trainer, assay_error *err);

/* From now on this process's weights and moments are what they should be. */
void assay_state_keep(assay_trainer *trainer);

/* ASSAY_E_UNEQUAL in a process alone whose weights or moments are not what they were when they were kept. */
assay_status assay_state_check(const assay_trainer *trainer, assay_error *err);

#endif
