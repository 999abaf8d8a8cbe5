/* What a finished run adds to its output folder besides weights and metrics: tokenizer files, machine.json, the model
 * card, assay.json and, from all of it, report.html: the last file a run writes. */
#ifndef ASSAY_TASK_RUN_OUTPUT_H
#define ASSAY_TASK_RUN_OUTPUT_H

#include "task/training.h"

/* Before anything is loaded, and without touching a thing: an existing, non-empty folder needs --resume or --force, and
 * --force must not remove what is no run, nor what this run reads. */
assay_status assay_output_check(const assay_options *options, assay_error *err);

/* When model and data have proved good: makes the folder, empty with --force. What a failed start finds there it
 * leaves. An adapter's base counts among what the run reads. */
assay_status assay_output_make(const assay_training *training, const assay_options *options, assay_error *err);

/* Everything above, plus the weights by assay_training_save. An old report goes first: one that is there was written
 * behind everything else. */
assay_status assay_output_write(assay_training *training, const assay_options *options,
                                const assay_run_outcome *outcome, assay_error *err);

/* Whether the folder holds what this run leaves at its end: assay.json of its last step (a run stopped by --time and
 * resumed finds one of an earlier step) and the report (`assay report` writes one at any time). A run killed before
 * that is finished by resuming. */
bool assay_output_is_whole(const assay_training *training, const assay_options *options);

#endif
