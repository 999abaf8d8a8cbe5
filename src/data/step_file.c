#include "data/step_file.h"

#include "base/file.h"
#include "data/json_text.h"
#include "data/record_reader.h"
#include "data/step_formats.h"

#include <math.h>

assay_status assay_step_file_is(const char *path, bool *is_one, assay_error *err)
{
    return assay_records_begin_with(path, assay_step_format_is, is_one, err);
}

typedef struct step_reading {
    assay_step_set *set;
    size_t *bad;
} step_reading;

static assay_status read_answer(assay_step_set *set, const assay_record *record, assay_step_answer *answer,
                                assay_error *err)
{
    bool empty = false;
    assay_status status = assay_step_format_read(record->value, &set->arena, answer, &empty, err);
    if (empty && assay_finding_count(&set->empty))
        ASSAY_TRY(assay_finding_list(&set->empty, assay_step_set_place(set, answer), err));
    ASSAY_TRY(status);
    return assay_json_group(json_object_get(record->value, "subset"), "subset", &set->arena, &answer->subset, err);
}

static assay_status take_record(void *context, const assay_record *record, assay_error *err)
{
    assay_step_set *set = ((const step_reading *)context)->set;
    assay_step_answer answer = {
        .place = {.file = (uint32_t)set->file_count - 1, .line = record->line, .element = record->element}};
    ASSAY_TRY(read_answer(set, record, &answer, err));
    ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    set->items[set->count++] = answer;
    return ASSAY_OK;
}

static assay_status leave_out(void *context, const char *sentence, assay_error *err)
{
    const step_reading *reading = context;
    size_t place = reading->set->bad_count++;
    ++*reading->bad;
    if (place >= ASSAY_BAD_LISTED) return ASSAY_OK;
    ASSAY_TRY_ALLOC(reading->set->bad[place] = assay_strdup(sentence), "a message", err);
    return ASSAY_OK;
}

assay_status assay_step_set_read(assay_step_set *set, const char *path, size_t *bad, assay_error *err)
{
    assay_records *records;
    ASSAY_TRY(assay_grow(&set->files, &set->file_capacity, set->file_count + 1, sizeof *set->files, err));
    ASSAY_TRY_ALLOC(set->files[set->file_count] = assay_strdup(path), "a file name", err);
    set->file_count++;
    ASSAY_TRY(assay_records_open(&records, path, err));
    step_reading reading = {set, bad};
    assay_status status =
        assay_records_each(records, &(assay_record_taker){take_record, bad ? leave_out : NULL, &reading}, err);
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
