/* What a finished run adds to its output folder besides weights and metrics: tokenizer files, machine.json, the model
 * card, assay.json and, from all of it, report.html: the last file a run writes. */
#ifndef ASSAY_TASK_RUN_OUTPUT_H
#define ASSAY_TASK_RUN_OUTPUT_H

#include "task/folder_lock.h"
#include "task/training.h"

/* Looks at --output before anything is loaded, and changes nothing. A folder that another process writes to is refused;
 * so is what task/output_guard.h names. A folder that holds something needs --resume or --force, and --force is refused
 * where it would remove what is no run. */
assay_status assay_output_check(const assay_options *options, assay_error *err);

/* Makes the folder, takes its lock, and empties it with --force. It is called when model and data have proved good, so
 * that a start that fails leaves what it found. An adapter's base counts among what the run reads. The caller releases
 * the lock when all is written; after a failure there is nothing to release. */
assay_status assay_output_make(const assay_training *training, const assay_options *options, const assay_log *log,
                               assay_folder_lock *lock, assay_error *err);

/* Writes all that is named above, and the weights by assay_training_save. An old report is removed first: where there
 * is one, everything else is whole. */
assay_status assay_output_write(assay_training *training, const assay_options *options,
                                const assay_run_outcome *outcome, assay_error *err);

/* Tells whether the folder holds what this run leaves at its end. It looks for assay.json of the last step, because a
 * run that --time stopped has one of an earlier step, and for the report, because that is written last. A run that was
 * killed before is finished by resuming it. */
bool assay_output_is_whole(const assay_training *training, const assay_options *options);

#endif
