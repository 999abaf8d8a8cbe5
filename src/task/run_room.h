/* Whether the disk has room for what a run will leave, asked before its first step. */
#ifndef ASSAY_TASK_RUN_ROOM_H
#define ASSAY_TASK_RUN_ROOM_H

#include "task/training.h"

/* ASSAY_E_IO, with the figures, where not even one checkpoint and the result fit on the disk of the output folder,
 * which exists. Where these fit, and all checkpoints that --keep and --save-steps leave do not, the log is told. To be
 * called after assay_training_start. */
assay_status assay_run_room_check(const assay_training *training, const assay_options *options, const assay_log *log,
                                  assay_error *err);

#endif
