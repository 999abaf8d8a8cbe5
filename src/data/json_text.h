/* JSON values written out, compact, in the project's own memory, and what a line is called by. */
#ifndef ASSAY_DATA_JSON_TEXT_H
#define ASSAY_DATA_JSON_TEXT_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "data/text_arena.h"

/* Appends any value; UTF-8 stays as it is. */
assay_status assay_json_text(const json_t *value, assay_buf *out, assay_error *err);

/* The id of a line as JSON text in the arena. NULL: a value that is no number and no (non-empty) string. */
assay_status assay_json_id(const json_t *id, assay_text_arena *arena, const char **text, assay_error *err);

/* What a line is grouped by, its field `field`, in the arena. NULL: a value that is no (non-empty) text. */
assay_status assay_json_group(const json_t *value, const char *field, assay_text_arena *arena, const char **text,
                              assay_error *err);

#endif
