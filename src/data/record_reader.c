/* One loop for all kinds: gather the bytes of a record (record_scan.c knows where it ends), check that they are UTF-8,
 * parse. A record over the limit is still scanned to its end, but no longer kept, so the reader can go on behind it.
 * Two things end the reading: a failure of the file itself, and an array or a quote whose end is missing, for then
 * nobody knows where the next record begins. */
#include "data/record_reader.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "container/parquet.h"
#include "data/byte_source.h"
#include "data/record_scan.h"
#include "data/record_shape.h"

#include <string.h>
#include <sys/stat.h>

typedef enum record_kind { KIND_LINES, KIND_OBJECTS, KIND_ARRAY, KIND_ROWS } record_kind;

static const assay_json_reading of_the_world = {.most = ASSAY_JSON_TREE_MAX, .world = true};

struct assay_records {
    assay_byte_source source;
    assay_parquet *parquet; /* NULL: text, out of the source */
    record_kind kind;
    char separator;
    assay_buf text;
    bool too_long;
    bool broken, finished;
    uint64_t offset; /* of the record's first byte */
    json_t *header, *value;
    json_t *columns; /* a record of columns, whose rows are given one by one; NULL: none */
    size_t column_count;
    bool wrapped; /* the array is a field of an object */
    assay_record record;
    char *where;
};

static bool name_ends(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length >= size && !assay_text_compare(name + length - size, ending);
}

static char separator_of(const char *path)
{
    if (name_ends(path, ".csv") || name_ends(path, ".csv.gz")) return ',';
    if (name_ends(path, ".tsv") || name_ends(path, ".tsv.gz")) return '\t';
    return 0;
}

/* In rows a tab or a space is part of a cell. */
static bool is_blank(char c, bool rows) { return c == '\r' || c == '\n' || (!rows && (c == ' ' || c == '\t')); }

static bool skip_blanks(assay_records *records)
{
    assay_byte_source *source = &records->source;
    while (assay_byte_source_more(source)) {
        if (!is_blank(*source->at, records->separator != 0)) return true;
        assay_byte_source_skip(source, 1);
    }
    return false;
}

char *assay_record_place(const char *file, uint64_t line, uint64_t element)
{
    char *text =
        element ? assay_strfmt("%s:%llu (element %llu)", file, (unsigned long long)line, (unsigned long long)element)
                : assay_strfmt("%s:%llu", file, (unsigned long long)line);
    return text ? text : assay_strdup("");
}

static assay_status record_start(assay_records *records, assay_error *err)
{
    assay_buf_reset(&records->text);
    records->too_long = false;
    json_decref(records->value);
    records->value = NULL;
    records->offset = records->source.offset;
    records->record.line = records->source.line;
    if (records->kind == KIND_ARRAY) records->record.element++;
    else records->record.element = 0;
    assay_free(records->where);
    records->where = assay_record_place(records->source.name, records->record.line, records->record.element);
    ASSAY_TRY_ALLOC(records->where, "a place", err);
    return ASSAY_OK;
}

static assay_status keep(assay_records *records, size_t count, assay_error *err)
{
    const char *from = records->source.at;
    assay_byte_source_skip(&records->source, count);
    if (count > ASSAY_RECORD_MAX - records->text.size) records->too_long = true;
    return records->too_long ? ASSAY_OK : assay_buf_append(&records->text, from, count, err);
}

/* Gathers up to the byte that ends the record; *ended says whether it was seen. */
static assay_status gather(assay_records *records, bool *ended, assay_cell_state *cell, assay_error *err)
{
    assay_byte_source *source = &records->source;
    assay_json_scan scan = {.single = records->kind == KIND_OBJECTS};
    *ended = false;
    while (!*ended && assay_byte_source_more(source)) {
        size_t there = (size_t)(source->end - source->at), taken;
        if (records->kind == KIND_ARRAY || records->kind == KIND_OBJECTS) {
            taken = assay_json_scan_feed(&scan, source->at, there);
        } else if (records->kind == KIND_ROWS) {
            taken = assay_row_scan_feed(cell, records->separator, source->at, there);
        } else {
            const char *feed = memchr(source->at, '\n', there);
            taken = feed ? (size_t)(feed - source->at) : there;
        }
        *ended = taken < there;
        ASSAY_TRY(keep(records, taken, err));
    }
    return *ended ? ASSAY_OK : assay_byte_source_status(source, err);
}

static assay_status broken(assay_records *records, assay_error *err, const char *text)
{
    records->broken = true;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: %s", records->where, text);
}

/* Behind an element: a comma and another element, or the bracket and the end. */
static assay_status array_step(assay_records *records, bool ended, assay_error *err)
{
    if (!ended)
        return broken(
            records, err,
            "the array is cut off inside this element; the file is incomplete or a quote or bracket is missing");
    char stop = *records->source.at;
    assay_byte_source_skip(&records->source, 1);
    bool more = skip_blanks(records);
    if (stop == '}') return broken(records, err, "a brace too many after this element");
    if (stop == ',' && !more)
        return broken(records, err, "the array is cut off after this element; the file is incomplete");
    if (stop == ',' && *records->source.at == ']')
        return broken(records, err, "a comma after the last element of the array");
    if (stop == ']' && records->wrapped && more && !strchr(",}", *records->source.at))
        return broken(records, err, "a comma or a brace is expected behind the list \"data\"");
    if (stop == ']' && more && !records->wrapped) return broken(records, err, "text after the end of the array");
    records->finished = stop == ']';
    return ASSAY_OK;
}

static assay_status record_end(assay_records *records, bool ended, assay_cell_state cell, assay_error *err)
{
    if (records->kind == KIND_ARRAY) return array_step(records, ended, err);
    if (records->kind == KIND_ROWS && !ended && cell == ASSAY_CELL_QUOTED)
        return broken(records, err, "a quote opened in this row is never closed");
    bool stays = records->kind == KIND_OBJECTS && records->text.size > 0; /* it may be the next object's brace */
    if (ended && !stays) assay_byte_source_skip(&records->source, 1);
    if (records->text.size && records->text.data[records->text.size - 1] == '\r')
        records->text.data[--records->text.size] = 0;
    return ASSAY_OK;
}

static assay_status check_text(const assay_records *records, assay_error *err)
{
    const assay_buf *text = &records->text;
    if (records->too_long)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: longer than the %zu MiB allowed for one record; is a line end missing?",
                               records->where, ASSAY_RECORD_MAX >> 20);
    size_t valid = assay_text_valid(text->data, text->size);
    if (valid == text->size) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "%s: not valid UTF-8: byte 0x%02X at byte %zu of this record (byte %llu of the file); save the file as UTF-8",
        records->where, (unsigned)(unsigned char)text->data[valid], valid + 1,
        (unsigned long long)records->offset + valid + 1);
}

static assay_status parse_row(assay_records *records, assay_error *err)
{
    json_t *cells;
    ASSAY_TRY(assay_row_cells(records->text.data, records->text.size, records->separator, &cells, err));
    assay_status status = assay_row_object(records->header, cells, &records->value, err);
    json_decref(cells);
    return status;
}

static assay_status parse_object(assay_records *records, assay_error *err)
{
    ASSAY_TRY(assay_json_parse_as(records->text.data, records->text.size, records->where, &of_the_world,
                                  &records->value, err));
    if (json_is_object(records->value)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: an object { ... } with named fields is expected on every line",
                           records->where);
}

static assay_status parse(assay_records *records, assay_error *err)
{
    ASSAY_TRY(check_text(records, err));
    if (records->kind == KIND_ROWS) {
        assay_status status = parse_row(records, err);
        return status == ASSAY_OK ? status : assay_error_prefix(err, status, "%s: ", records->where);
    }
    assay_status status = parse_object(records, err);
    if (status == ASSAY_OK || records->kind != KIND_LINES || records->record.line > 1 || !err) return status;
    char problem[sizeof err->text];
    memcpy(problem, err->text, sizeof problem);
    return assay_error_set(err, status, "%.1800s (a data file is one JSON object a line, or one JSON array of objects)",
                           problem);
}

/* The next row of a record that holds columns. */
static assay_status next_of_columns(assay_records *records, const assay_record **record, assay_error *err)
{
    size_t row = (size_t)records->record.element;
    json_decref(records->value);
    records->value = assay_record_of_columns(records->columns, row);
    assay_free(records->where);
    records->record.element = row + 1;
    records->where = assay_record_place(records->source.name, records->record.line, row + 1);
    if (row + 1 == records->column_count) {
        json_decref(records->columns);
        records->columns = NULL;
    }
    if (!records->value || !records->where) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a record");
    records->record.value = records->value;
    records->record.size = records->text.size / records->column_count;
    *record = &records->record;
    return ASSAY_OK;
}

static void look_for_columns(assay_records *records)
{
    if (records->kind == KIND_ARRAY || records->kind == KIND_ROWS) return;
    records->column_count = assay_record_columns(records->value);
    if (records->column_count) records->columns = json_incref(records->value);
}

static assay_status next_text(assay_records *records, const assay_record **record, assay_error *err)
{
    if (!skip_blanks(records)) {
        records->finished = true;
        assay_status status = assay_byte_source_status(&records->source, err);
        records->broken = status != ASSAY_OK;
        return status;
    }
    bool ended;
    assay_cell_state cell = ASSAY_CELL_START;
    assay_status status = record_start(records, err);
    if (status == ASSAY_OK) status = gather(records, &ended, &cell, err);
    if (status == ASSAY_OK) status = record_end(records, ended, cell, err);
    if (status != ASSAY_OK) {
        records->broken = true;
        return status;
    }
    ASSAY_TRY(parse(records, err));
    look_for_columns(records);
    if (records->columns) return next_of_columns(records, record, err);
    records->record.value = records->value;
    records->record.size = records->text.size;
    *record = &records->record;
    return ASSAY_OK;
}

static assay_status take_row(assay_records *records, const assay_parquet_row *row, assay_error *err)
{
    ASSAY_TRY(assay_json_parse_as(row->text, row->size, records->where, &of_the_world, &records->value, err));
    records->record.value = records->value;
    records->record.size = row->size;
    return ASSAY_OK;
}

static assay_status next_row(assay_records *records, const assay_record **record, assay_error *err)
{
    assay_parquet_row row;
    json_decref(records->value);
    records->value = NULL;
    assay_status status = assay_parquet_next(records->parquet, &row, err);
    records->broken = status != ASSAY_OK && assay_parquet_broken(records->parquet);
    records->finished = status == ASSAY_OK && !row.text;
    if (records->finished) return ASSAY_OK;
    records->record.line = row.number;
    assay_free(records->where);
    records->where = assay_record_place(records->source.name, row.number, 0);
    ASSAY_TRY_ALLOC(records->where, "a place", err);
    ASSAY_TRY(status);
    ASSAY_TRY(take_row(records, &row, err));
    *record = &records->record;
    return ASSAY_OK;
}

assay_status assay_records_next(assay_records *records, const assay_record **record, assay_error *err)
{
    *record = NULL;
    if (records->finished || records->broken) return ASSAY_OK;
    if (records->columns) return next_of_columns(records, record, err);
    return records->parquet ? next_row(records, record, err) : next_text(records, record, err);
}

/* One column, and another separator in its name: every row would be one cell. */
static assay_status check_separator(const assay_records *records, assay_error *err)
{
    const char *name = json_string_value(json_array_get(records->header, 0));
    const char *found = json_array_size(records->header) == 1 && name ? strpbrk(name, ";|\t,") : NULL;
    if (!found) return ASSAY_OK;
    char separator[3] = {*found};
    if (*found == '\t') memcpy(separator, "\\t", 3);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "the header is one column, \"%.80s\", so the cells are parted by \"%s\" and not by \"%s\"; "
                           "type: python3 -c \"import sys, pandas; pandas.read_csv(sys.argv[1], sep='%s').to_json("
                           "'pairs.jsonl', orient='records', lines=True, force_ascii=False)\" '%s'",
                           name, separator, records->separator == ',' ? "," : "\\t", separator, records->source.name);
}

assay_status assay_records_doubt_header(const assay_records *records, assay_status status, assay_error *err)
{
    char text[sizeof err->text];
    if (records->kind != KIND_ROWS || !err) return status;
    memcpy(text, err->text, sizeof text);
    return assay_error_set(err, status,
                           "%.1600s. The first line of such a file names the columns; where it is data already, put a "
                           "line in front: sed -i '1i prompt%schosen%srejected' '%.200s'",
                           text, records->separator == ',' ? "," : "\\t", records->separator == ',' ? "," : "\\t",
                           records->source.name);
}

static assay_status read_header(assay_records *records, assay_error *err)
{
    bool ended;
    assay_cell_state cell = ASSAY_CELL_START;
    ASSAY_TRY(record_start(records, err));
    ASSAY_TRY(gather(records, &ended, &cell, err));
    ASSAY_TRY(record_end(records, ended, cell, err));
    ASSAY_TRY(check_text(records, err));
    assay_status status =
        assay_row_cells(records->text.data, records->text.size, records->separator, &records->header, err);
    if (status == ASSAY_OK) status = check_separator(records, err);
    if (status == ASSAY_OK) status = assay_header_check(records->header, err);
    return status == ASSAY_OK ? status : assay_error_prefix(err, status, "%s: ", records->where);
}

static assay_status open_records(assay_records *records, const char *path, assay_error *err)
{
    ASSAY_TRY(assay_byte_source_open(&records->source, path, err));
    records->where = assay_strdup(path);
    ASSAY_TRY_ALLOC(records->where, path, err);
    if (records->source.is_parquet) return assay_parquet_open(&records->parquet, path, NULL, 0, err);
    records->separator = separator_of(path);
    if (!skip_blanks(records)) return assay_byte_source_status(&records->source, err);
    if (records->separator) {
        records->kind = KIND_ROWS;
        return read_header(records, err);
    }
    size_t inside = 1;
    if (*records->source.at != '[') {
        size_t there = (size_t)(records->source.end - records->source.at);
        assay_record_shape shape = assay_record_shape_of(records->source.at, there, &inside);
        if (shape == ASSAY_SHAPE_OBJECTS) records->kind = KIND_OBJECTS;
        records->wrapped = shape == ASSAY_SHAPE_WRAPPED;
        if (!records->wrapped) return ASSAY_OK;
    }
    records->kind = KIND_ARRAY;
    assay_byte_source_skip(&records->source, inside);
    if (!skip_blanks(records)) return broken(records, err, "the array is cut off at its beginning");
    records->finished = *records->source.at == ']';
    return ASSAY_OK;
}

assay_status assay_records_open(assay_records **out, const char *path, assay_error *err)
{
    *out = NULL;
    assay_records *records = assay_alloc(1, sizeof *records);
    ASSAY_TRY_ALLOC(records, "a reader", err);
    assay_buf_init(&records->text, ASSAY_RECORD_MAX);
    assay_status status = open_records(records, path, err);
    if (status != ASSAY_OK) {
        assay_records_close(records);
        return status;
    }
    *out = records;
    return ASSAY_OK;
}

void assay_records_close(assay_records *records)
{
    if (!records) return;
    assay_byte_source_close(&records->source);
    assay_parquet_close(records->parquet);
    assay_buf_release(&records->text);
    json_decref(records->header);
    json_decref(records->value);
    json_decref(records->columns);
    assay_free(records->where);
    assay_free(records);
}

bool assay_records_broken(const assay_records *records) { return records->broken; }

const char *assay_records_where(const assay_records *records) { return records->where; }

enum { BAD_RECORDS_PASSED = 100 };

assay_status assay_records_begin_with(const char *path, bool (*is_kind)(const json_t *value), bool *is_one,
                                      assay_error *err)
{
    struct stat info;
    assay_records *records;
    const assay_record *record;
    *is_one = false;
    if (stat(path, &info) == 0 && S_ISFIFO(info.st_mode)) return ASSAY_OK;
    ASSAY_TRY(assay_records_open(&records, path, err));
    for (int tried = 0; tried < BAD_RECORDS_PASSED; tried++) {
        assay_status status = assay_records_next(records, &record, NULL);
        if (status == ASSAY_OK && record) *is_one = is_kind(record->value);
        if (status == ASSAY_OK || assay_records_broken(records)) break;
    }
    assay_records_close(records);
    return ASSAY_OK;
}
