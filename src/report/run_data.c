#include "report/run_data.h"

#include "base/file.h"
#include "notes/notes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LINES_CEILING = 1 << 30, OBJECT_CEILING = 256 << 20 };

static assay_status load_object(json_t **out, const char *folder, const char *name, assay_error *err)
{
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_json_load(path, OBJECT_CEILING, out, err) : ASSAY_OK;
    if (status == ASSAY_OK && *out && !json_is_object(*out))
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s holds no JSON object", path);
    assay_free(path);
    return status;
}

typedef assay_status (*take_line)(assay_run_data *data, json_t *line, const char *where, assay_error *err);

static assay_status each_line(assay_run_data *data, const char *path, const char *text, size_t size, take_line take,
                              assay_error *err)
{
    size_t number = 1;
    for (size_t at = 0; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) return ASSAY_OK;
        json_t *line = NULL;
        size_t length = (size_t)(end - text) - at;
        char *where = assay_strfmt("%s:%zu", path, number);
        assay_status status = where ? assay_json_parse(text + at, length, where, &line, err)
                                    : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        if (status == ASSAY_OK) status = take(data, line, where, err);
        json_decref(line);
        assay_free(where);
        ASSAY_TRY(status);
        at += length + 1;
    }
    return ASSAY_OK;
}

static assay_status load_lines(assay_run_data *data, const char *name, take_line take, assay_error *err)
{
    char *text = NULL, *path = assay_path_join(data->folder, name);
    size_t size = 0;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_file_read(path, LINES_CEILING, &text, &size, err) : ASSAY_OK;
    if (status == ASSAY_OK && text) status = each_line(data, path, text, size, take, err);
    assay_free(text);
    assay_free(path);
    return status;
}

static assay_status keep(json_t *list, json_t *line, const char *where, assay_error *err)
{
    if (!json_is_object(line)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a JSON object", where);
    return json_array_append(list, line) == 0 ? ASSAY_OK
                                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", where);
}

static assay_status take_metrics(assay_run_data *data, json_t *line, const char *where, assay_error *err)
{
    return keep(json_object_get(line, "eval_pairs") ? data->evaluations : data->steps, line, where, err);
}

static assay_status take_pair(assay_run_data *data, json_t *line, const char *where, assay_error *err)
{
    return keep(data->pairs, line, where, err);
}

static assay_status check_run(const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, "metrics.jsonl");
    ASSAY_TRY_ALLOC(path, "a path", err);
    bool there = assay_path_exists(path);
    assay_free(path);
    if (there) return ASSAY_OK;
    if (!assay_path_is_dir(folder))
        return assay_error_set(err, ASSAY_E_USAGE, "%s is no folder; give the --output folder of a train run", folder);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s holds no metrics.jsonl: it is not the --output folder of a train run", folder);
}

/* A run writes no clock, so that it can be made again byte for byte. The file system knows. */
static void find_time(assay_run_data *data)
{
    struct stat about;
    struct tm when;
    char *path = assay_path_join(data->folder, "metrics.jsonl");
    bool known = path && stat(path, &about) == 0 && gmtime_r(&about.st_mtime, &when);
    if (known)
        snprintf(data->written, sizeof data->written, "%04d-%02d-%02d %02d:%02d UTC", (when.tm_year + 1900) % 10000,
                 (when.tm_mon + 1) % 100, when.tm_mday % 100, when.tm_hour % 100, when.tm_min % 100);
    assay_free(path);
}

static assay_status load(assay_run_data *data, assay_error *err)
{
    if (!data->folder || !data->steps || !data->evaluations || !data->pairs)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a report");
    find_time(data);
    ASSAY_TRY(assay_notes_load(data->folder, &data->notes, err));
    ASSAY_TRY(load_object(&data->machine, data->folder, "machine.json", err));
    ASSAY_TRY(load_object(&data->state, data->folder, "trainer_state.json", err));
    ASSAY_TRY(load_lines(data, "metrics.jsonl", take_metrics, err));
    return load_lines(data, "eval_pairs.jsonl", take_pair, err);
}

assay_status assay_run_data_open(assay_run_data *data, const char *folder, assay_error *err)
{
    *data = (assay_run_data){0};
    ASSAY_TRY(check_run(folder, err));
    *data = (assay_run_data){
        .folder = assay_strdup(folder), .steps = json_array(), .evaluations = json_array(), .pairs = json_array()};
    assay_status status = load(data, err);
    if (status != ASSAY_OK) assay_run_data_close(data);
    return status;
}

void assay_run_data_close(assay_run_data *data)
{
    assay_free(data->folder);
    json_decref(data->notes);
    json_decref(data->machine);
    json_decref(data->state);
    json_decref(data->steps);
    json_decref(data->evaluations);
    json_decref(data->pairs);
    *data = (assay_run_data){0};
}

assay_run_kind assay_run_kind_of(const assay_run_data *data)
{
    const char *objective = json_string_value(json_object_get(assay_report_last(data->steps), "objective"));
    if (!objective) return ASSAY_RUN_COMPARED;
    return !strcmp(objective, "bce")          ? ASSAY_RUN_LABELLED
           : !strcmp(objective, "regression") ? ASSAY_RUN_GRADED
           : !strcmp(objective, "process")    ? ASSAY_RUN_STEPS
                                              : ASSAY_RUN_COMPARED;
}

double assay_run_number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

double *assay_run_column(const json_t *lines, const char *key, assay_error *err)
{
    size_t count = json_array_size(lines);
    double *column = assay_alloc(count ? count : 1, sizeof *column);
    if (!column) (void)assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a report");
    for (size_t i = 0; column && i < count; i++) column[i] = assay_run_number(json_array_get(lines, i), key);
    return column;
}

const json_t *assay_report_last(const json_t *lines)
{
    size_t count = json_array_size(lines);
    return count ? json_array_get(lines, count - 1) : NULL;
}
