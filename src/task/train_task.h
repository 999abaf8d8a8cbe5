/* The whole of a training run, from options to a written folder.
 *
 *     assay_train_listener listener = {.context = &mine, .step = show_step};
 *     ASSAY_TRY(assay_train_task(options, context, &listener, err));
 */
#ifndef ASSAY_TASK_TRAIN_TASK_H
#define ASSAY_TASK_TRAIN_TASK_H

#include "options/options.h"
#include "task/context.h"
#include "train/run.h"
#include "train/trainer.h"

/* Who wants to see the run go on. Every function may be NULL; the trainer and the record are valid during the call. */
typedef struct assay_train_listener {
    void *context;
    void (*begin)(void *context, const assay_trainer *trainer); /* before the first step: total_steps is known */
    void (*step)(void *context, const assay_trainer *trainer, const assay_step_record *record);
    void (*end)(void *context); /* after the last step, or the one that failed */
    /* When all is written, or a checkpoint is: the run as it stands. stopped: NULL where it went to its end, else
     * "time", "signal" or "memory". */
    void (*done)(void *context, const assay_trainer *trainer, const assay_run_outcome *outcome, const char *stopped);
} assay_train_listener;

/* Trains as the final options of `train` say and writes --output. listener may be NULL. ASSAY_E_STOPPED: a signal came
 * and a checkpoint is there; ASSAY_E_NO_FIT, ASSAY_E_USAGE and the rest as base/status.h has them. Every process of
 * context->comm calls it with the same options; the first alone touches --output, and all return alike. */
assay_status assay_train_task(const assay_options *options, const assay_task_context *context,
                              const assay_train_listener *listener, assay_error *err);

#endif
