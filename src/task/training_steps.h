/* --objective process: what the model and the options must be.
 *
 *     // the objective is settled, no text is rendered yet
 *     ASSAY_TRY(assay_training_take_steps(training, options, log, err));
 *
 * Does nothing for other objectives. The source then reads steps: its head is one of token classes, a new one where
 * there was none, and --step-separator is what ends them.
 */
#ifndef ASSAY_TASK_TRAINING_STEPS_H
#define ASSAY_TASK_TRAINING_STEPS_H

#include "task/training.h"

/* ASSAY_E_USAGE: an option that has no meaning for steps was given; ASSAY_E_UNSUPPORTED: the model has another head. */
assay_status assay_training_take_steps(assay_training *training, const assay_options *options, const assay_log *log,
                                       assay_error *err);

#endif
