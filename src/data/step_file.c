#include "data/step_file.h"

#include "base/file.h"
#include "data/record_reader.h"
#include "data/step_formats.h"

#include <math.h>

assay_status assay_step_file_is(const char *path, bool *is_one, assay_error *err)
{
    return assay_records_begin_with(path, assay_step_format_is, is_one, err);
}

static assay_status read_subset(assay_step_set *set, const json_t *line, assay_step_answer *answer, assay_error *err)
{
    const json_t *name = json_object_get(line, "subset");
    if (assay_json_unreadable(name))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"subset\" should be a text and is %s", assay_json_kind(name));
    if (!json_string_length(name)) return ASSAY_OK;
    answer->subset = assay_text_arena_copy(&set->arena, json_string_value(name), json_string_length(name));
    ASSAY_TRY_ALLOC(answer->subset, "a name", err);
    return ASSAY_OK;
}

static assay_status read_answer(assay_step_set *set, const assay_record *record, assay_step_answer *answer,
                                assay_error *err)
{
    bool empty = false;
    assay_status status = assay_step_format_read(record->value, &set->arena, answer, &empty, err);
    if (empty && assay_finding_count(&set->empty))
        ASSAY_TRY(assay_finding_list(&set->empty, assay_step_set_place(set, answer), err));
    return status == ASSAY_OK ? read_subset(set, record->value, answer, err) : status;
}

static assay_status read_record(assay_step_set *set, const assay_record *record, assay_error *err)
{
    assay_step_answer answer = {
        .place = {.file = (uint32_t)set->file_count - 1, .line = record->line, .element = record->element}};
    ASSAY_TRY(read_answer(set, record, &answer, err));
    ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    set->items[set->count++] = answer;
    return ASSAY_OK;
}

static bool is_bad_line(assay_status status) { return status == ASSAY_E_FORMAT || status == ASSAY_E_UNSUPPORTED; }

static assay_status leave_out(assay_step_set *set, const assay_error *problem, assay_error *err)
{
    size_t place = set->bad_count++;
    if (place >= ASSAY_BAD_LISTED) return ASSAY_OK;
    ASSAY_TRY_ALLOC(set->bad[place] = assay_strdup(problem->text), "a message", err);
    return ASSAY_OK;
}

/* Reads one record. *more turns false at the end. */
static assay_status next_answer(assay_step_set *set, assay_records *records, size_t *bad, bool *more, assay_error *err)
{
    const assay_record *record;
    assay_error problem = {0};
    assay_status status = assay_records_next(records, &record, &problem);
    *more = status != ASSAY_OK || record;
    if (status == ASSAY_OK && record) {
        status = read_record(set, record, &problem);
        if (status != ASSAY_OK) assay_error_prefix(&problem, status, "%s: ", assay_records_where(records));
    }
    if (status == ASSAY_OK) return ASSAY_OK;
    bool passable = is_bad_line(status) && !assay_records_broken(records);
    if (!passable || !bad)
        return assay_error_set(err, status, "%.1900s%s", problem.text,
                               passable ? " (--skip-bad-lines leaves such lines out)" : "");
    ++*bad;
    return leave_out(set, &problem, err);
}

assay_status assay_step_set_read(assay_step_set *set, const char *path, size_t *bad, assay_error *err)
{
    assay_records *records;
    ASSAY_TRY(assay_grow(&set->files, &set->file_capacity, set->file_count + 1, sizeof *set->files, err));
    ASSAY_TRY_ALLOC(set->files[set->file_count] = assay_strdup(path), "a file name", err);
    set->file_count++;
    ASSAY_TRY(assay_records_open(&records, path, err));
    assay_status status = ASSAY_OK;
    for (bool more = true; more && status == ASSAY_OK;) status = next_answer(set, records, bad, &more, err);
    assay_records_close(records);
    return status;
}

void assay_step_set_release(assay_step_set *set)
{
    assay_names_free(set->files, set->file_count);
    for (size_t i = 0; i < set->bad_count && i < ASSAY_BAD_LISTED; i++) assay_free(set->bad[i]);
    assay_finding_release(&set->empty);
    assay_free(set->items);
    assay_text_arena_release(&set->arena);
    *set = (assay_step_set){0};
}

char *assay_step_set_place(const assay_step_set *set, const assay_step_answer *answer)
{
    return assay_record_place(set->files[answer->place.file], answer->place.line, answer->place.element);
}

size_t assay_step_answer_judged(const assay_step_answer *answer)
{
    size_t count = answer->steps.count;
    while (count && isnan(answer->labels[count - 1])) count--;
    return count;
}
