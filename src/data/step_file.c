#include "data/step_file.h"

#include "base/file.h"
#include "data/record_reader.h"
#include "data/step_formats.h"

assay_status assay_step_file_is(const char *path, bool *is_one, assay_error *err)
{
    return assay_records_begin_with(path, assay_step_format_is, is_one, err);
}

static assay_status read_subset(assay_step_set *set, const json_t *line, assay_step_answer *answer, assay_error *err)
{
    const json_t *name = json_object_get(line, "subset");
    if (!json_string_length(name)) return ASSAY_OK;
    answer->subset = assay_text_arena_copy(&set->arena, json_string_value(name), json_string_length(name));
    ASSAY_TRY_ALLOC(answer->subset, "a name", err);
    return ASSAY_OK;
}

static assay_status read_record(assay_step_set *set, const assay_record *record, assay_error *err)
{
    assay_step_answer answer = {
        .place = {.file = (uint32_t)set->file_count - 1, .line = record->line, .element = record->element}};
    ASSAY_TRY(assay_step_format_read(record->value, &set->arena, &answer, err));
    ASSAY_TRY(read_subset(set, record->value, &answer, err));
    ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    set->items[set->count++] = answer;
    return ASSAY_OK;
}

static assay_status read_records(assay_step_set *set, assay_records *records, size_t *bad, assay_error *err)
{
    for (;;) {
        const assay_record *record;
        assay_status status = assay_records_next(records, &record, err);
        if (status == ASSAY_OK && !record) return ASSAY_OK;
        if (status == ASSAY_OK) {
            status = read_record(set, record, err);
            if (status != ASSAY_OK) assay_error_prefix(err, status, "%s: ", assay_records_where(records));
        }
        bool passable = bad && status == ASSAY_E_FORMAT && !assay_records_broken(records);
        if (passable) ++*bad;
        else if (status != ASSAY_OK) return status;
    }
}

assay_status assay_step_set_read(assay_step_set *set, const char *path, size_t *bad, assay_error *err)
{
    assay_records *records;
    ASSAY_TRY(assay_grow(&set->files, &set->file_capacity, set->file_count + 1, sizeof *set->files, err));
    ASSAY_TRY_ALLOC(set->files[set->file_count] = assay_strdup(path), "a file name", err);
    set->file_count++;
    ASSAY_TRY(assay_records_open(&records, path, err));
    assay_status status = read_records(set, records, bad, err);
    assay_records_close(records);
    return status;
}

void assay_step_set_release(assay_step_set *set)
{
    assay_names_free(set->files, set->file_count);
    assay_free(set->items);
    assay_text_arena_release(&set->arena);
    *set = (assay_step_set){0};
}
