/* The records of data/step_file.h, one reader each; for that file and for data/pair_formats.c. */
#ifndef ASSAY_DATA_STEP_FORMATS_H
#define ASSAY_DATA_STEP_FORMATS_H

#include "data/step_file.h"

/* Is the record one of them? */
bool assay_step_format_is(const json_t *line);

/* Fills in prompt, steps and labels, which live in the arena. ASSAY_E_FORMAT without a place: it is none of them, or
 * what a field should be it is not. */
assay_status assay_step_format_read(const json_t *line, assay_text_arena *arena, assay_step_answer *out,
                                    assay_error *err);

#endif
