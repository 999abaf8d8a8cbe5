/* --columns: fields of a foreign file under the names a known format uses.
 *
 *     assay_columns columns;
 *     ASSAY_TRY(assay_columns_parse(&columns, "prompt=q,chosen=pos,rejected=neg", err));
 *     ASSAY_TRY(assay_columns_apply(&columns, line, &renamed, err)); // json_decref(renamed)
 *     assay_columns_release(&columns);
 *
 * The renamed line has the mapped fields and, unless they are mapped, the line's own margin, p, preference, tie,
 * weight, id, subset and category; nothing else, so that a left-over field cannot make it look like another format.
 * Known names are those of data/pair_formats.h. A field named by --columns must be there, except those of the optional
 * names (margin, p, preference, tie, weight, id, system, history, input).
 */
#ifndef ASSAY_DATA_COLUMNS_H
#define ASSAY_DATA_COLUMNS_H

#include "base/json_doc.h"

enum { ASSAY_COLUMNS_MAX = 16 };

typedef struct assay_columns {
    char *text; /* owns what the names point to */
    struct {
        const char *name, *from;
    } items[ASSAY_COLUMNS_MAX];
    size_t count; /* 0: nothing is renamed */
} assay_columns;

/* text: NULL or empty is no mapping. An unknown or doubled name is ASSAY_E_USAGE. */
assay_status assay_columns_parse(assay_columns *columns, const char *text, assay_error *err);
void assay_columns_release(assay_columns *columns); /* safe on a zeroed one */

/* *renamed is a new object. */
assay_status assay_columns_apply(const assay_columns *columns, const json_t *line, json_t **renamed, assay_error *err);

#endif
