/* What no command may write over, --force or not: what it reads (the model, the adapter, the input, the data, the run
 * file), anything inside a checkpoint, its own or another, and a folder that another process writes to. Whether any
 * other file may be replaced is the command's affair. */
#ifndef ASSAY_TASK_OUTPUT_GUARD_H
#define ASSAY_TASK_OUTPUT_GUARD_H

#include "options/options.h"

#include <stdbool.h>

/* ASSAY_E_USAGE where options->output (NULL: nothing is written) is one of these; ASSAY_E_IO for the folder in use. To
 * be called before anything is loaded, and before the output is made. */
assay_status assay_output_guard(const assay_options *options, assay_error *err);

/* ASSAY_E_USAGE where `source`, which the options do not name (an adapter's base), is the output, or lies in it. */
assay_status assay_output_guard_source(const assay_options *options, const char *source, assay_error *err);

#endif
