/* What the commands that write models (init, convert, merge) say at their end. */
#ifndef ASSAY_CLI_SAVED_PRINT_H
#define ASSAY_CLI_SAVED_PRINT_H

#include "base/status.h"

#include <stdbool.h>

/* Says on stdout what lies in a written folder: parameters, type, bytes; as one JSON object where json is true. */
assay_status assay_saved_print(const char *folder, bool json, assay_error *err);

#endif
