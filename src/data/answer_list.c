#include "data/answer_list.h"

assay_status assay_answer_list_begin(assay_answer_list *list, const assay_format_reader *reader, size_t count)
{
    *list = (assay_answer_list){.reader = reader};
    if (count < 2)
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "a list of %zu answers: nothing to compare", count);
    if (count > ASSAY_ANSWERS_MOST)
        return assay_error_set(reader->err, ASSAY_E_UNSUPPORTED, "a list of %zu answers; at most %d are compared",
                               count, ASSAY_ANSWERS_MOST);
    list->items = assay_text_arena_alloc(reader->arena, count, sizeof *list->items);
    ASSAY_TRY_ALLOC(list->items, "a list of answers", reader->err);
    return ASSAY_OK;
}

assay_status assay_answer_list_add(assay_answer_list *list, const json_t *text, const char *name, double value)
{
    assay_answer *answer = &list->items[list->count];
    answer->place = list->count++;
    answer->value = value;
    return assay_turns_any(&answer->turns, list->reader->arena, ASSAY_ROLE_ASSISTANT, text, name, list->reader->err);
}

void assay_answer_list_grade(assay_answer_list *list, assay_attributes attributes)
{
    list->items[list->count - 1].attributes = attributes;
}

/* By insertion: lists are short, and equal answers keep their order. */
static void sort(assay_answer *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        assay_answer moved = items[i];
        size_t at = i;
        for (; at && items[at - 1].value < moved.value; at--) items[at] = items[at - 1];
        items[at] = moved;
    }
}

/* Of equal worst ones the first goes to the end. */
static void put_worst_last(assay_answer *items, size_t count)
{
    size_t first = count - 1;
    while (first && items[first - 1].value == items[count - 1].value) first--;
    if (!first) return;
    assay_answer worst = items[first];
    for (size_t i = first; i + 1 < count; i++) items[i] = items[i + 1];
    items[count - 1] = worst;
}

void assay_answer_list_settle(assay_answer_list *list, bool equal_is_tie)
{
    assay_pair *pair = list->reader->pair;
    sort(list->items, list->count);
    put_worst_last(list->items, list->count);
    const assay_answer *best = list->items, *worst = list->items + list->count - 1;
    pair->chosen = best->turns;
    pair->rejected = worst->turns;
    if (best->value == worst->value) pair->share = 0.5;
    pair->not_compared = best->value == worst->value && !equal_is_tie;
    pair->rejected_first = worst->place < best->place;
    if (list->count == 2) {
        pair->chosen_attributes = best->attributes;
        pair->rejected_attributes = worst->attributes;
        return;
    }
    pair->answers = list->items;
    pair->answer_count = list->count;
    pair->equal_is_tie = equal_is_tie;
}
