/* A list is told by what its first answer has; every answer must have it then. */
#include "data/list_formats.h"

#include "data/answer_list.h"
#include "data/attributes.h"

/* Answers with somebody's scores. */
bool assay_list_scored_is(const json_t *line)
{
    size_t count = json_array_size(assay_format_field(line, "responses"));
    return count > 1 && json_array_size(assay_format_field(line, "scores")) == count;
}

/* null: none of this answer. */
static assay_status grade(assay_answer_list *list, const char *field, const json_t *object, const char *inside)
{
    assay_attributes attributes = {0};
    if (json_object_size(object) > 0)
        ASSAY_TRY(assay_attributes_object(list->reader, field, object, inside, &attributes));
    assay_answer_list_grade(list, attributes);
    return ASSAY_OK;
}

static assay_status check_grades(const assay_format_reader *reader, const json_t *grades, size_t count)
{
    if (!grades || json_array_size(grades) == count) return ASSAY_OK;
    return assay_error_set(reader->err, ASSAY_E_FORMAT,
                           "\"attributes\" should be a list of %zu objects, one an answer, and is %s of %zu", count,
                           assay_json_kind(grades), json_array_size(grades));
}

assay_status assay_list_scored(const assay_format_reader *reader)
{
    const json_t *responses = assay_format_field(reader->line, "responses"),
                 *scores = assay_format_field(reader->line, "scores"),
                 *grades = assay_format_field(reader->line, "attributes");
    assay_answer_list list;
    ASSAY_TRY(check_grades(reader, grades, json_array_size(scores)));
    ASSAY_TRY(assay_answer_list_begin(&list, reader, json_array_size(scores)));
    ASSAY_TRY(assay_turns_any(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER,
                              assay_format_field(reader->line, "prompt"), "prompt", reader->err));
    for (size_t i = 0; i < json_array_size(scores); i++) {
        const json_t *score = json_array_get(scores, i);
        if (!json_is_number(score))
            return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"scores\" should hold numbers and holds %s",
                                   assay_json_kind(score));
        ASSAY_TRY(assay_answer_list_add(&list, json_array_get(responses, i), "responses", json_number_value(score)));
        ASSAY_TRY(grade(&list, "attributes", json_array_get(grades, i), NULL));
    }
    assay_answer_list_settle(&list, !json_is_false(assay_format_field(reader->line, "ties")));
    return ASSAY_OK;
}

/* RewardBench 2, RM-Bench: several right and wrong answers. */
bool assay_list_choices_is(const json_t *line)
{
    return json_is_string(json_array_get(assay_format_field(line, "chosen"), 0)) &&
           json_is_string(json_array_get(assay_format_field(line, "rejected"), 0));
}

static assay_status add_choices(assay_answer_list *list, const char *name, double value)
{
    const json_t *texts = assay_format_field(list->reader->line, name);
    for (size_t i = 0; i < json_array_size(texts); i++)
        ASSAY_TRY(assay_answer_list_add(list, json_array_get(texts, i), name, value));
    return ASSAY_OK;
}

/* Right answers were not compared with each other, nor were wrong ones. */
assay_status assay_list_choices(const assay_format_reader *reader)
{
    const json_t *line = reader->line, *prompt = assay_format_field(line, "prompt");
    assay_answer_list list;
    ASSAY_TRY(assay_answer_list_begin(&list, reader,
                                      json_array_size(assay_format_field(line, "chosen")) +
                                          json_array_size(assay_format_field(line, "rejected"))));
    reader->pair->prompt.from_text = json_is_string(prompt);
    ASSAY_TRY(assay_turns_any(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err));
    ASSAY_TRY(add_choices(&list, "chosen", 1));
    ASSAY_TRY(add_choices(&list, "rejected", 0));
    assay_answer_list_settle(&list, false);
    return ASSAY_OK;
}

assay_status assay_list_rmb(const assay_format_reader *reader)
{
    const json_t *best = assay_format_field(reader->line, "bon_best"),
                 *losers = assay_format_field(reader->line, "loser_list");
    assay_answer_list list;
    ASSAY_TRY(assay_answer_list_begin(&list, reader, 1 + json_array_size(losers)));
    ASSAY_TRY(assay_format_prompt(reader, "conversation_input"));
    ASSAY_TRY(assay_answer_list_add(&list, assay_format_field(best, "answer"), "bon_best", 1));
    for (size_t i = 0; i < json_array_size(losers); i++)
        ASSAY_TRY(
            assay_answer_list_add(&list, assay_format_field(json_array_get(losers, i), "answer"), "loser_list", 0));
    assay_answer_list_settle(&list, false);
    return ASSAY_OK;
}

typedef struct answer_list {
    const char *list, *answer, *score;
    int sign;                   /* -1: a rank, the lowest is best */
    const char *grades, *grade; /* an answer's field of attributes, each an object with its value there; NULL: none */
} answer_list;

static bool has_list(const json_t *line, const answer_list *how)
{
    const json_t *list = assay_format_field(line, how->list), *first = json_array_get(list, 0);
    return json_array_size(list) > 1 && assay_format_field(first, how->answer) && assay_format_field(first, how->score);
}

static assay_status take_list(const assay_format_reader *reader, const answer_list *how)
{
    const json_t *list = assay_format_field(reader->line, how->list);
    assay_answer_list answers;
    ASSAY_TRY(assay_answer_list_begin(&answers, reader, json_array_size(list)));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        double score;
        if (!assay_format_number(assay_format_field(item, how->score), &score))
            return assay_error_set(reader->err, ASSAY_E_FORMAT, "answer %zu of \"%s\" has no number as its \"%s\"",
                                   i + 1, how->list, how->score);
        ASSAY_TRY(assay_answer_list_add(&answers, assay_format_field(item, how->answer), how->answer,
                                        how->sign < 0 ? 0 - score : score));
        if (how->grades) ASSAY_TRY(grade(&answers, how->grades, assay_format_field(item, how->grades), how->grade));
    }
    assay_answer_list_settle(&answers, true);
    return ASSAY_OK;
}

static const answer_list ultrafeedback = {"completions", "response", "overall_score", 1, "annotations", "Rating"};
static const answer_list nectar = {"answers", "answer", "rank", -1, NULL, NULL};
static const answer_list nemo = {"completions", "completion", "rank", -1, NULL, NULL};

bool assay_list_ultrafeedback_is(const json_t *line) { return has_list(line, &ultrafeedback); }

assay_status assay_list_ultrafeedback(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_prompt(reader, "instruction"));
    return take_list(reader, &ultrafeedback);
}

bool assay_list_nectar_is(const json_t *line) { return has_list(line, &nectar); }

assay_status assay_list_nectar(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_prompt(reader, "prompt"));
    return take_list(reader, &nectar);
}

bool assay_list_nemo_is(const json_t *line) { return has_list(line, &nemo); }

assay_status assay_list_nemo(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_prompt(reader, "context"));
    return take_list(reader, &nemo);
}
