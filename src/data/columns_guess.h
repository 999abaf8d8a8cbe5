/* The line to type for files whose fields have other names: question, good, bad. */
#ifndef ASSAY_DATA_COLUMNS_GUESS_H
#define ASSAY_DATA_COLUMNS_GUESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes the value of --columns, "prompt=question,chosen=good,rejected=bad", where the names of the line's fields tell
 * which is which. False, and an empty text, where they do not. */
bool assay_columns_guess(const json_t *line, char *text, size_t size);

#endif
