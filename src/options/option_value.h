/* Text to value: one parser for defaults, --config and command line. */
#ifndef ASSAY_OPTIONS_OPTION_VALUE_H
#define ASSAY_OPTIONS_OPTION_VALUE_H

#include "options/option_table.h"

/* true false yes no on off t f y n 1 0, in any case. */
bool assay_bool_parse(const char *text, bool *out);

/* 6G, 512M, 1.5GiB, 4096: units of 1024. False when it is none. */
bool assay_size_parse(const char *text, double *bytes);

/* 2h, 90m, 1h30m, 45s, 1d, 3600. False when it is none. */
bool assay_duration_parse(const char *text, double *seconds);

/* Reads `text` as the row's type and stores it; a list gets it appended (split at commas if the row says so). `name` is
 * the name the user used, for messages. Errors: ASSAY_E_USAGE (type, range, choice). */
assay_status assay_option_store(assay_options *options, const assay_option_row *row, const char *name, const char *text,
                                assay_error *err);

#endif
