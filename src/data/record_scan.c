#include "data/record_scan.h"

#include "base/buf.h"

#include <string.h>

size_t assay_json_scan_feed(assay_json_scan *scan, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (scan->single && scan->closed) return i;
        if (scan->in_string) {
            if (scan->escaped) scan->escaped = false;
            else if (c == '\\') scan->escaped = true;
            else if (c == '"') scan->in_string = false;
        } else if (c == '"') {
            scan->in_string = true;
        } else if (c == '{' || c == '[') {
            scan->depth++;
        } else if (scan->depth == 0 && (c == ',' || c == ']' || c == '}')) {
            return i;
        } else if (c == '}' || c == ']') {
            scan->depth--;
            scan->closed = scan->depth == 0;
        }
    }
    return size;
}

/* A quote opens a quoted cell only as its first character; inside, a doubled quote closes and reopens. */
static assay_cell_state cell_step(assay_cell_state state, char separator, char c)
{
    switch (state) {
    case ASSAY_CELL_QUOTED:
        return c == '"' ? ASSAY_CELL_CLOSED : ASSAY_CELL_QUOTED;
    case ASSAY_CELL_CLOSED:
        if (c == '"') return ASSAY_CELL_QUOTED;
        break;
    case ASSAY_CELL_START:
        if (c == '"') return ASSAY_CELL_QUOTED;
        break;
    case ASSAY_CELL_PLAIN:
        break;
    }
    return c == separator ? ASSAY_CELL_START : state == ASSAY_CELL_CLOSED ? ASSAY_CELL_CLOSED : ASSAY_CELL_PLAIN;
}

size_t assay_row_scan_feed(assay_cell_state *state, char separator, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' && *state != ASSAY_CELL_QUOTED) return i;
        *state = cell_step(*state, separator, text[i]);
    }
    return size;
}

/* A cell of one byte takes sixty in memory. */
enum { CELLS_OF_A_ROW = 1 << 16 };

static assay_status cell_end(json_t *cells, assay_buf *cell, assay_error *err)
{
    if (json_array_size(cells) == CELLS_OF_A_ROW)
        return assay_error_set(err, ASSAY_E_FORMAT, "more than %d cells in one row; is a line end missing?",
                               CELLS_OF_A_ROW);
    int failed = json_array_append_new(cells, json_stringn(cell->data ? cell->data : "", cell->size));
    assay_buf_reset(cell);
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a cell") : ASSAY_OK;
}

static assay_status split_cells(const char *row, size_t size, char separator, json_t *cells, assay_buf *cell,
                                assay_error *err)
{
    assay_cell_state state = ASSAY_CELL_START;
    for (size_t i = 0; i < size; i++) {
        assay_cell_state before = state;
        state = cell_step(state, separator, row[i]);
        bool opens = before == ASSAY_CELL_START && state == ASSAY_CELL_QUOTED;
        bool closes = before == ASSAY_CELL_QUOTED && state == ASSAY_CELL_CLOSED;
        if (before == ASSAY_CELL_CLOSED && state == ASSAY_CELL_CLOSED)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "text after the closing quote of column %zu (a quote inside a quoted cell is "
                                   "written twice)",
                                   json_array_size(cells) + 1);
        if (state == ASSAY_CELL_START) ASSAY_TRY(cell_end(cells, cell, err));
        else if (!opens && !closes) ASSAY_TRY(assay_buf_byte(cell, row[i], err));
    }
    return cell_end(cells, cell, err);
}

assay_status assay_row_cells(const char *row, size_t size, char separator, json_t **cells, assay_error *err)
{
    assay_buf cell;
    assay_buf_init(&cell, size + 1);
    *cells = json_array();
    ASSAY_TRY_ALLOC(*cells, "a row", err);
    assay_status status = split_cells(row, size, separator, *cells, &cell, err);
    assay_buf_release(&cell);
    if (status == ASSAY_OK) return ASSAY_OK;
    json_decref(*cells);
    *cells = NULL;
    return status;
}

static bool holds_json(const char *name)
{
    static const char *const names[] = {"conversations", "messages", "history", "rejected_messages"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static assay_status cell_value(const char *name, json_t *cell, json_t **value, assay_error *err)
{
    if (holds_json(name) && !json_string_length(cell)) {
        *value = json_null();
        return ASSAY_OK;
    }
    const assay_json_reading reading = {.most = ASSAY_JSON_TREE_MAX, .world = true};
    if (holds_json(name))
        return assay_json_parse_as(json_string_value(cell), json_string_length(cell), name, &reading, value, err);
    *value = json_incref(cell);
    return ASSAY_OK;
}

static assay_status fill_object(const json_t *header, const json_t *cells, json_t *object, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(header); i++) {
        const char *name = json_string_value(json_array_get(header, i));
        json_t *value;
        ASSAY_TRY(cell_value(name, json_array_get(cells, i), &value, err));
        if (json_object_set_new(object, name, value))
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a row");
    }
    return ASSAY_OK;
}

assay_status assay_row_object(const json_t *header, const json_t *cells, json_t **object, assay_error *err)
{
    size_t wanted = json_array_size(header), found = json_array_size(cells);
    *object = NULL;
    if (wanted != found)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%zu cells, but the header names %zu columns (quote cells that hold the separator)",
                               found, wanted);
    *object = json_object();
    ASSAY_TRY_ALLOC(*object, "a row", err);
    assay_status status = fill_object(header, cells, *object, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    json_decref(*object);
    *object = NULL;
    return status;
}

assay_status assay_header_check(const json_t *header, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(header); i++) {
        const json_t *name = json_array_get(header, i);
        if (!json_string_length(name) || strlen(json_string_value(name)) != json_string_length(name))
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "column %zu of the header has no usable name; the first row must name the columns",
                                   i + 1);
        for (size_t j = 0; j < i; j++)
            if (json_equal(name, json_array_get(header, j)))
                return assay_error_set(err, ASSAY_E_FORMAT, "the header names \"%.80s\" twice",
                                       json_string_value(name));
    }
    return ASSAY_OK;
}
