#include "data/pair_file.h"

#include "data/columns_guess.h"
#include "data/data_files.h"
#include "data/pair_formats.h"
#include "data/record_reader.h"

#include <stdio.h>
#include <string.h>

typedef struct pair_reading {
    assay_pair_set *set;
    assay_pair_options options;
    assay_records *records;
    uint32_t file, format; /* the file's format, ASSAY_FORMAT_NONE before its first good line */
    uint64_t format_line;
} pair_reading;

static assay_status recognise(pair_reading *reading, const json_t *line, uint64_t number, uint32_t *format,
                              assay_error *err)
{
    *format = assay_pair_format_find(line);
    if (*format == ASSAY_FORMAT_NONE) {
        char columns[200];
        bool named = assay_columns_guess(line, columns, sizeof columns); /* then the first line is a header */
        assay_status status = assay_pair_format_missing(line, reading->format, err);
        return reading->format == ASSAY_FORMAT_NONE && !named
                   ? assay_records_doubt_header(reading->records, status, err)
                   : status;
    }
    if (reading->format == ASSAY_FORMAT_NONE) {
        reading->format = *format;
        reading->format_line = number;
    }
    if (assay_pair_formats_mix(*format, reading->format)) return ASSAY_OK;
    ASSAY_TRY(assay_pair_format_unreadable(line, err));
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "this line is in the %s format, but line %llu of the file is in the %s format; put them into two files",
        assay_pair_format_name(*format), (unsigned long long)reading->format_line,
        assay_pair_format_name(reading->format));
}

static assay_status take_line(pair_reading *reading, const assay_record *record, const json_t *line, assay_error *err)
{
    uint32_t format;
    assay_pair pair;
    assay_drop_reason drop;
    assay_place place = {reading->file, record->line, record->element};
    ASSAY_TRY(recognise(reading, line, record->line, &format, err));
    ASSAY_TRY(assay_pair_format_read(format, line, &reading->set->arena, &pair, &drop, err));
    if (drop != ASSAY_DROP_COUNT) return assay_pair_set_add_drop(reading->set, place, drop, err);
    pair.place = place;
    pair.raw_size = record->size;
    return assay_pair_set_add(reading->set, &pair, err);
}

static assay_status take_record(void *context, const assay_record *record, assay_error *err)
{
    pair_reading *reading = context;
    const assay_columns *columns = reading->options.columns;
    if (!columns || !columns->count) return take_line(reading, record, record->value, err);
    json_t *renamed;
    ASSAY_TRY(assay_columns_apply(columns, record->value, &renamed, err));
    assay_status status = take_line(reading, record, renamed, err);
    json_decref(renamed);
    return status;
}

static assay_status leave_out(void *context, const char *sentence, assay_error *err)
{
    const pair_reading *reading = context;
    return assay_pair_set_add_bad(reading->set, sentence, err);
}

static assay_status read_file(pair_reading *reading, const char *path, assay_error *err)
{
    reading->format = ASSAY_FORMAT_NONE;
    ASSAY_TRY(assay_pair_set_add_file(reading->set, path, &reading->file, err));
    ASSAY_TRY(assay_records_open(&reading->records, path, err));
    const assay_record_taker taker = {take_record, reading->options.skip_bad_lines ? leave_out : NULL, reading};
    assay_status status = assay_records_each(reading->records, &taker, err);
    assay_records_close(reading->records);
    return status;
}

static assay_status check_yield(const assay_pair_set *set, const char *path, size_t good_before, size_t bad_before,
                                assay_error *err)
{
    if (set->count + set->drop_count > good_before) return ASSAY_OK;
    if (set->bad_count == bad_before)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s holds no pair: it is empty", path);
    const char *first = bad_before < ASSAY_BAD_LISTED ? set->bad[bad_before] : "";
    char bad[64] = "its one line is bad";
    if (set->bad_count - bad_before > 1)
        snprintf(bad, sizeof bad, "all its %zu lines are bad; the first", set->bad_count - bad_before);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s holds no usable pair: %s: %s", path, bad, first);
}

assay_status assay_pair_set_read(assay_pair_set *set, const char *path, const assay_pair_options *options,
                                 assay_error *err)
{
    pair_reading reading = {.set = set, .options = options ? *options : (assay_pair_options){0}};
    assay_data_files files;
    size_t good = set->count + set->drop_count, bad = set->bad_count;
    ASSAY_TRY(assay_data_files_find(&files, path, err));
    assay_status status = files.note ? assay_pair_set_add_note(set, files.note, err) : ASSAY_OK;
    for (size_t i = 0; i < files.count && status == ASSAY_OK; i++) status = read_file(&reading, files.names[i], err);
    assay_data_files_release(&files);
    return status == ASSAY_OK ? check_yield(set, path, good, bad, err) : status;
}
