/* The records of data/step_file.h, one reader each; for that file, for data/pair_formats.c and for lines to score
 * (data/input_file.h). */
#ifndef ASSAY_DATA_STEP_FORMATS_H
#define ASSAY_DATA_STEP_FORMATS_H

#include "data/step_file.h"

/* Is the record one of them? */
bool assay_step_format_is(const json_t *line);

enum { ASSAY_STEP_FORMATS = 4 };

const char *assay_step_format_name(uint32_t format); /* "prm800k", ... */

/* Fills in all but subset and place; lists and texts live in the arena. ASSAY_E_FORMAT without a place: it is none of
 * them, or what a field should be it is not; where a step has no text, *empty (which may be NULL) becomes true. */
assay_status assay_step_format_read(const json_t *line, assay_text_arena *arena, assay_step_answer *out, bool *empty,
                                    assay_error *err);

#endif
