/* Where does a record end? Small machines that are fed a file piece by piece. Each takes bytes from its record up to,
 * not including, the byte that ends it, and returns how many that were: fewer than `size` when the end is in this
 * piece. */
#ifndef ASSAY_DATA_RECORD_SCAN_H
#define ASSAY_DATA_RECORD_SCAN_H

#include "base/json_doc.h"

typedef struct assay_json_scan {
    size_t depth;
    bool in_string, escaped;
    bool single; /* ends behind the bracket that closes the first object or list, whatever follows */
    bool closed; /* that bracket was seen */
} assay_json_scan;

/* An element of an array: ends before the comma or bracket at depth 0. Only nesting and strings are looked at; the
 * parser judges the rest. */
size_t assay_json_scan_feed(assay_json_scan *scan, const char *text, size_t size);

typedef enum assay_cell_state {
    ASSAY_CELL_START,
    ASSAY_CELL_PLAIN,
    ASSAY_CELL_QUOTED,
    ASSAY_CELL_CLOSED
} assay_cell_state;

/* A CSV row: ends before the line feed outside quotes. *state starts as ASSAY_CELL_START; ASSAY_CELL_QUOTED at the end
 * of the file means that a quote was never closed. */
size_t assay_row_scan_feed(assay_cell_state *state, char separator, const char *text, size_t size);

/* Cells of a row (without its line feed) as a JSON array of strings. */
assay_status assay_row_cells(const char *row, size_t size, char separator, json_t **cells, assay_error *err);

/* Header (array of strings) and cells as an object, by the rules of record_reader.h. */
assay_status assay_row_object(const json_t *header, const json_t *cells, json_t **object, assay_error *err);

/* Refuses a header with an empty or a doubled name. */
assay_status assay_header_check(const json_t *header, assay_error *err);

#endif
