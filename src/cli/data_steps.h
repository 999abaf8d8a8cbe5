/* `assay data` on answers in labelled steps (data/step_file.h). */
#ifndef ASSAY_CLI_DATA_STEPS_H
#define ASSAY_CLI_DATA_STEPS_H

#include "cli/command.h"

/* Prints the audit. ASSAY_E_FORMAT: what would stop a reader of the files. */
assay_status assay_data_steps_check(const assay_string_list *paths, const assay_options *options, const assay_log *log,
                                    assay_error *err);

/* Writes TRL's lines to --output, or prints them where that is "-". */
assay_status assay_data_steps_convert(const assay_string_list *paths, const assay_options *options,
                                      const assay_log *log, assay_error *err);

#endif
