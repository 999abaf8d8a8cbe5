#include "base/file.h"
#include "data/json_text.h"
#include "data/pair_set.h"
#include "data/turn_write.h"

#include <math.h>

static json_t *attributes_json(const assay_attributes *attributes)
{
    if (!attributes->items) return json_null();
    json_t *object = json_object();
    for (size_t i = 0; object && i < attributes->count; i++) {
        const assay_attribute *one = &attributes->items[i];
        if (!json_object_set_new(object, one->name, isnan(one->value) ? json_null() : json_real(one->value))) continue;
        json_decref(object);
        object = NULL;
    }
    return object;
}

static int add_single(json_t *line, const assay_pair *pair)
{
    int failed = json_object_set_new(line, "completion", assay_turns_json(&pair->chosen));
    if (assay_pair_is_graded(pair))
        return failed | json_object_set_new(line, "scores", attributes_json(&pair->chosen_attributes));
    return failed | json_object_set_new(line, "label", json_real(pair->share));
}

static int add_pair(json_t *line, const assay_pair *pair)
{
    if (pair->single) return add_single(line, pair);
    return json_object_set_new(line, "chosen", assay_turns_json(&pair->chosen)) |
           json_object_set_new(line, "rejected", assay_turns_json(&pair->rejected));
}

/* The place of answer i in what is written: as a list is read, the first of equal worst ones becomes the last. */
static size_t written(const assay_pair *pair, size_t i)
{
    size_t last = pair->answer_count - 1, worst = last;
    while (worst && pair->answers[worst - 1].value == pair->answers[last].value) worst--;
    return !worst || i < worst ? i : i == worst ? last : i - 1;
}

static int add_grades(json_t *line, const assay_pair *pair)
{
    bool any = false;
    for (size_t i = 0; i < pair->answer_count; i++) any |= pair->answers[i].attributes.items != NULL;
    json_t *list = any ? json_array() : NULL;
    int failed = any ? json_object_set_new(line, "attributes", list) : 0;
    for (size_t i = 0; any && i < pair->answer_count && !failed; i++)
        failed = json_array_append_new(list, attributes_json(&pair->answers[written(pair, i)].attributes));
    return failed;
}

static int add_list(json_t *line, const assay_pair *pair)
{
    json_t *responses = json_array(), *scores = json_array();
    int failed = json_object_set_new(line, "responses", responses) | json_object_set_new(line, "scores", scores);
    for (size_t i = 0; i < pair->answer_count && !failed; i++) {
        const assay_answer *answer = &pair->answers[written(pair, i)];
        failed = json_array_append_new(responses, assay_turns_json(&answer->turns));
        failed |= json_array_append_new(scores, json_real(answer->value));
    }
    if (!pair->equal_is_tie) failed |= json_object_set_new(line, "ties", json_false());
    return failed | add_grades(line, pair);
}

/* Of two answers only a list can say their attributes. */
static assay_pair list_of_two(const assay_pair *pair, assay_answer two[2])
{
    assay_pair list = *pair;
    two[0] = (assay_answer){.turns = pair->chosen, .attributes = pair->chosen_attributes, .value = 1};
    two[1] = (assay_answer){.turns = pair->rejected, .attributes = pair->rejected_attributes};
    two[1].value = pair->share == 0.5;
    list.answers = two;
    list.answer_count = 2;
    list.equal_is_tie = true;
    return list;
}

static json_t *pair_json(const assay_pair *pair)
{
    json_t *line = json_object();
    assay_answer two[2];
    assay_pair list;
    if (!pair->answers && !pair->single && (pair->chosen_attributes.items || pair->rejected_attributes.items)) {
        list = list_of_two(pair, two);
        pair = &list;
    }
    int failed = json_object_set_new(line, "prompt", assay_turns_json(&pair->prompt));
    failed |= assay_context_write(line, pair->prompt.context);
    failed |= pair->answers ? add_list(line, pair) : add_pair(line, pair);
    if (!isnan(pair->margin)) failed |= json_object_set_new(line, "margin", json_real(pair->margin));
    if (!isnan(pair->share) && !pair->single) failed |= json_object_set_new(line, "p", json_real(pair->share));
    if (pair->weight != 1) failed |= json_object_set_new(line, "weight", json_real(pair->weight));
    if (pair->subset) failed |= json_object_set_new(line, "subset", json_string(pair->subset));
    if (pair->id) failed |= json_object_set_new(line, "id", assay_json_value(pair->id));
    if (!failed) return line;
    json_decref(line);
    return NULL;
}

assay_status assay_pair_line(const assay_pair *pair, assay_buf *text, assay_error *err)
{
    json_t *line = pair_json(pair);
    assay_buf_reset(text);
    assay_status status = assay_json_text(line, text, err);
    json_decref(line);
    return status == ASSAY_OK ? assay_buf_byte(text, '\n', err) : status;
}

assay_status assay_pair_set_write(const assay_pair_set *set, const char *path, assay_error *err)
{
    assay_writer writer;
    assay_buf text;
    ASSAY_TRY(assay_writer_open(&writer, path, err));
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++) {
        status = assay_pair_line(set->pairs + i, &text, err);
        if (status == ASSAY_OK) status = assay_writer_write(&writer, text.data, text.size, err);
    }
    assay_buf_release(&text);
    if (status == ASSAY_OK) return assay_writer_commit(&writer, err);
    assay_writer_abort(&writer);
    return status;
}
