/* What the commands that write models (init, convert, merge) say at their end. */
#ifndef ASSAY_CLI_SAVED_PRINT_H
#define ASSAY_CLI_SAVED_PRINT_H

#include "base/json_doc.h"

#include <stdbool.h>

/* Says on stdout what lies in a written folder: parameters, type, bytes; as one JSON object where json is true.
 * quantised: the tensors that were packed (assay_save_options), NULL: none were. */
assay_status assay_saved_print(const char *folder, const json_t *quantised, bool json, assay_error *err);

#endif
