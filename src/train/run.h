/* A run: the trainer's steps with evaluations, checkpoints, metrics and a clean stop.
 *
 *     ASSAY_TRY(assay_run(trainer, evaluation_or_null, &settings, &outcome, err));
 *
 * Writes metrics.jsonl, trainer_state.json and checkpoint-N/ into settings.output, which exists. Finished, interrupted
 * (ASSAY_E_STOPPED, after a checkpoint), stopped for memory (ASSAY_E_NO_FIT, likewise) or out of time
 * (outcome.out_of_time, no error). The model's weights are those of the last step. Of several processes (the trainer's
 * comm) all run it, the first alone writes and calls on_evaluation, and all return alike. */
#ifndef ASSAY_TRAIN_RUN_H
#define ASSAY_TRAIN_RUN_H

#include "base/log.h"
#include "train/metrics.h"
#include "train/train_state.h"

/* Saves the model as it is into a folder, in the form users load (adapter or full). */
typedef assay_status (*assay_save_model)(void *context, const char *folder, assay_error *err);

typedef struct assay_run_settings {
    const char *output;
    int64_t save_steps, eval_steps; /* every so many steps; 0: every epoch; -1: at the end only */
    int64_t log_steps;
    uint64_t keep;           /* checkpoints; 0: all */
    double time_limit;       /* seconds; 0: none */
    const char *resume_from; /* a checkpoint folder, or NULL; read by the first process, as is output_whole */
    /* the output has all a finished run leaves: then resuming a finished run does nothing; else it is evaluated
     * again */
    bool output_whole;
    assay_fingerprints prints;
    assay_save_model save; /* for checkpoints; NULL: only the state is saved */
    void *save_context;
    void (*on_step)(void *context, const assay_trainer *trainer, const assay_step_record *record); /* may be NULL */
    void (*on_evaluation)(void *context, const assay_trainer *trainer, const assay_judgement *judgement);
    void *listener;
    const volatile sig_atomic_t *interrupted; /* may be NULL */
    /* set by on_step where the machine's memory ran low: checkpoint and ASSAY_E_NO_FIT; may be NULL */
    const bool *out_of_memory;
    const assay_log *log;
} assay_run_settings;

typedef struct assay_run_outcome {
    bool has_evaluation, out_of_time;
    bool nothing_left;             /* resumed from the last step, and the output is whole */
    assay_judgement before, after; /* of the evaluation set; `before` only where the run began at step 0 */
    double seconds;
} assay_run_outcome;

/* What one checkpoint of the trainer takes on the disk, about, and the weights in the form users load, which are in it
 * too where with_model says so. */
uint64_t assay_run_checkpoint_bytes(const assay_trainer *trainer, bool with_model);
/* What it takes besides while it is put together (train/assembly.h). */
uint64_t assay_run_assembly_bytes(const assay_trainer *trainer);
uint64_t assay_run_model_bytes(const assay_trainer *trainer);

assay_status assay_run(assay_trainer *trainer, const assay_example_set *evaluation, const assay_run_settings *settings,
                       assay_run_outcome *outcome, assay_error *err);

#endif
