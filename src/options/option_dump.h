/* Options as data: for assay.json in an output folder, and to say what a command line means. */
#ifndef ASSAY_OPTIONS_OPTION_DUMP_H
#define ASSAY_OPTIONS_OPTION_DUMP_H

#include "options/options.h"

#include <jansson.h>

/* {"batch-pairs": 32, "tuning": "lora", "data": [...], ...}: the options of a command under their own names, in the
 * table's order, final values; strings nobody gave and empty lists are left out. Numbers that stand for a word (auto)
 * are the word. only_given: only what the user or a name from elsewhere said. What steers the program and not the run
 * (json, quiet, help, config) is never among them. NULL: out of memory. The caller owns the object. */
json_t *assay_options_json(const assay_options *options, unsigned command, bool only_given);

#endif
