/* The answers in labelled steps of all paths in one set, as pair_input.h has it for pairs.
 *
 *     bool steps;
 *     ASSAY_TRY(assay_step_input_are(&steps, &options->data, err)); // what the files hold
 *     if (steps) ASSAY_TRY(assay_step_input_read(&set, &options->data, NULL, context->log, err));
 *     ...
 *     assay_step_set_release(&set); // after a failure too
 */
#ifndef ASSAY_TASK_STEP_INPUT_H
#define ASSAY_TASK_STEP_INPUT_H

#include "data/step_file.h"
#include "options/options.h"

/* *are: the files of the paths hold steps. ASSAY_E_FORMAT: some do and others do not. */
assay_status assay_step_input_are(bool *are, const assay_string_list *paths, assay_error *err);

/* Appends to the set, which is zeroed or was read into before. bad: as assay_step_set_read has it. What was left out of
 * a hub's data set is told to the log, which may be NULL. */
assay_status assay_step_input_read(assay_step_set *set, const assay_string_list *paths, size_t *bad,
                                   const assay_log *log, assay_error *err);

#endif
