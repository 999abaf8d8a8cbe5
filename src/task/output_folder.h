/* A folder that is whole or not there: written as DIR.tmp-PID-N beside its place, renamed at the end.
 *
 *     assay_output_folder output;
 *     ASSAY_TRY(assay_output_open(&output, options->output, options->force, log, err));
 *     status = write_into(output.temporary);
 *     return assay_output_close(&output, status, err); // renames after ASSAY_OK, removes after anything else
 */
#ifndef ASSAY_TASK_OUTPUT_FOLDER_H
#define ASSAY_TASK_OUTPUT_FOLDER_H

#include "task/folder_lock.h"

typedef struct assay_output_folder {
    char *target, *temporary;
    assay_folder_lock lock; /* of the target */
} assay_output_folder;

/* A target that is there and not empty is refused (ASSAY_E_USAGE) without `force`; with it only a model's, adapter's or
 * tokenizer's folder is replaced (whole). A target that another process writes to is refused whatever `force` says
 * (ASSAY_E_IO). NULL: "--output is missing". After a failure there is nothing to close. */
assay_status assay_output_open(assay_output_folder *output, const char *target, bool force, const assay_log *log,
                               assay_error *err);

/* Returns `status`, or why the renaming failed. */
assay_status assay_output_close(assay_output_folder *output, assay_status status, assay_error *err);

#endif
