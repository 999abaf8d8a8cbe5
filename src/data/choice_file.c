#include "data/choice_file.h"

#include "base/file.h"
#include "data/record_reader.h"

#include <string.h>

static bool is_text_list(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i))) return false;
    return json_array_size(value) > 0;
}

static bool is_choice(const json_t *line)
{
    return is_text_list(json_object_get(line, "chosen")) && is_text_list(json_object_get(line, "rejected"));
}

assay_status assay_choice_file_is(const char *path, bool *is_one, assay_error *err)
{
    return assay_records_begin_with(path, is_choice, is_one, err);
}

static const char *copied(assay_choice_set *set, const json_t *text)
{
    return json_string_length(text)
               ? assay_text_arena_copy(&set->arena, json_string_value(text), json_string_length(text))
               : NULL;
}

static assay_status read_answers(assay_choice_set *set, assay_choice *choice, const json_t *list, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *text = json_array_get(list, i);
        ASSAY_TRY(assay_turns_text(&choice->answers[choice->count++], &set->arena, ASSAY_ROLE_ASSISTANT, text, "chosen",
                                   err));
    }
    return ASSAY_OK;
}

static assay_status read_choice(assay_choice_set *set, assay_choice *choice, const json_t *line, assay_error *err)
{
    const json_t *chosen = json_object_get(line, "chosen"), *rejected = json_object_get(line, "rejected"),
                 *prompt = json_object_get(line, "prompt");
    if (!prompt || !is_text_list(chosen) || !is_text_list(rejected))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "a choice has \"prompt\" and, as lists of texts, \"chosen\" and \"rejected\"");
    choice->answers = assay_text_arena_alloc(&set->arena, json_array_size(chosen) + json_array_size(rejected),
                                             sizeof *choice->answers);
    ASSAY_TRY_ALLOC(choice->answers, "answers", err);
    ASSAY_TRY(assay_turns_any(&choice->prompt, &set->arena, ASSAY_ROLE_USER, prompt, "prompt", err));
    ASSAY_TRY(read_answers(set, choice, chosen, err));
    choice->correct = choice->count;
    ASSAY_TRY(read_answers(set, choice, rejected, err));
    choice->id = copied(set, json_object_get(line, "id"));
    choice->subset = copied(set, json_object_get(line, "subset"));
    return ASSAY_OK;
}

static assay_status read_records(assay_choice_set *set, assay_records *records, assay_error *err)
{
    for (;;) {
        const assay_record *record;
        assay_choice choice = {.place = {.file = (uint32_t)set->file_count - 1}};
        ASSAY_TRY(assay_records_next(records, &record, err));
        if (!record) return ASSAY_OK;
        choice.place.line = record->line;
        choice.place.element = record->element;
        assay_status status = read_choice(set, &choice, record->value, err);
        if (status != ASSAY_OK) return assay_error_prefix(err, status, "%s: ", assay_records_where(records));
        ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
        set->items[set->count++] = choice;
    }
}

assay_status assay_choice_set_read(assay_choice_set *set, const char *path, assay_error *err)
{
    assay_records *records;
    ASSAY_TRY(assay_grow(&set->files, &set->file_capacity, set->file_count + 1, sizeof *set->files, err));
    ASSAY_TRY_ALLOC(set->files[set->file_count] = assay_strdup(path), "a file name", err);
    set->file_count++;
    ASSAY_TRY(assay_records_open(&records, path, err));
    assay_status status = read_records(set, records, err);
    assay_records_close(records);
    return status;
}

void assay_choice_set_release(assay_choice_set *set)
{
    assay_names_free(set->files, set->file_count);
    assay_free(set->items);
    assay_text_arena_release(&set->arena);
    *set = (assay_choice_set){0};
}
