/* Help written from the option table: groups of options with type, default and one line each; names from elsewhere at
 * the end. */
#ifndef ASSAY_CLI_OPTION_HELP_H
#define ASSAY_CLI_OPTION_HELP_H

#include "base/buf.h"
#include "options/option_table.h"

#include <stdbool.h>

assay_status assay_option_help(assay_buf *out, unsigned command, assay_error *err);

/* "Files and data", "Training", ... */
const char *assay_option_group_title(assay_option_group group);

#endif
