/* The slices of AdamW's moments (optim/moment_slices.h) that the processes of a stage would have, before there are any.
 *
 *     assay_moment_slices slices;
 *     if (training->settings.slices > 1) ASSAY_TRY(assay_stage_slices_make(&slices, training, stage, err));
 *     ...
 *     assay_moment_slices_release(&slices);
 */
#ifndef ASSAY_TASK_STAGE_SLICES_H
#define ASSAY_TASK_STAGE_SLICES_H

#include "optim/moment_slices.h"
#include "task/training.h"

/* training: opened as far as the plan. stage: 0 of a model that is not cut. On failure there is nothing to release. */
assay_status assay_stage_slices_make(assay_moment_slices *out, const assay_training *training, int stage,
                                     assay_error *err);

#endif
