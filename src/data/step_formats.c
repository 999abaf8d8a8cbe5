#include "data/step_formats.h"

#include <math.h>
#include <string.h>

typedef struct step_reader {
    const json_t *line;
    assay_text_arena *arena;
    assay_step_answer *out;
    double *labels;
    assay_error *err;
} step_reader;

static const json_t *field(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return json_is_null(value) ? NULL : value;
}

static assay_status make_labels(step_reader *r, size_t count)
{
    r->labels = assay_text_arena_alloc(r->arena, count + 1, sizeof *r->labels);
    ASSAY_TRY_ALLOC(r->labels, "labels of steps", r->err);
    r->out->labels = r->labels;
    return ASSAY_OK;
}

static assay_status read_prompt(step_reader *r, const json_t *prompt, const char *name)
{
    r->out->prompt.from_text = json_is_string(prompt);
    return assay_turns_any(&r->out->prompt, r->arena, ASSAY_ROLE_USER, prompt, name, r->err);
}

static assay_status add_step(step_reader *r, const char *text, size_t size, const char *name, double label)
{
    json_t *list = json_pack("[o]", json_stringn(text, size));
    ASSAY_TRY_ALLOC(list, "a step", r->err);
    assay_status status = assay_turns_steps(&r->out->steps, r->arena, list, name, r->err);
    json_decref(list);
    if (status == ASSAY_OK) r->labels[r->out->steps.count - 1] = label;
    return status;
}

/* ---- TRL ---- */

static bool is_stepwise(const json_t *line)
{
    return field(line, "prompt") && json_is_array(field(line, "completions")) && json_is_array(field(line, "labels"));
}

static bool label_of(const json_t *value, double *label)
{
    *label = json_is_boolean(value) ? (double)json_is_true(value)
             : json_is_null(value)  ? (double)NAN
                                    : json_number_value(value);
    return json_is_boolean(value) || json_is_null(value) || (json_is_number(value) && *label >= 0 && *label <= 1);
}

static assay_status read_stepwise(step_reader *r)
{
    const json_t *steps = field(r->line, "completions"), *labels = field(r->line, "labels");
    ASSAY_TRY(read_prompt(r, field(r->line, "prompt"), "prompt"));
    ASSAY_TRY(assay_turns_steps(&r->out->steps, r->arena, steps, "completions", r->err));
    size_t count = r->out->steps.count;
    if (json_array_size(labels) != count)
        return assay_error_set(r->err, ASSAY_E_FORMAT, "\"completions\" has %zu steps and \"labels\" %zu", count,
                               json_array_size(labels));
    ASSAY_TRY(make_labels(r, count));
    for (size_t i = 0; i < count; i++)
        if (!label_of(json_array_get(labels, i), &r->labels[i]))
            return assay_error_set(r->err, ASSAY_E_FORMAT,
                                   "\"labels\": that of step %zu should be true, false or a number from 0 to 1", i + 1);
    return ASSAY_OK;
}

/* ---- ProcessBench ---- */

static bool is_processbench(const json_t *line)
{
    return field(line, "problem") && json_is_array(field(line, "steps")) && json_is_integer(field(line, "label"));
}

static assay_status read_processbench(step_reader *r)
{
    json_int_t label = json_integer_value(field(r->line, "label"));
    ASSAY_TRY(read_prompt(r, field(r->line, "problem"), "problem"));
    ASSAY_TRY(assay_turns_steps(&r->out->steps, r->arena, field(r->line, "steps"), "steps", r->err));
    size_t count = r->out->steps.count;
    if (label < -1 || label >= (json_int_t)count)
        return assay_error_set(r->err, ASSAY_E_FORMAT,
                               "\"label\" is %lld; it should be -1 or the place of one of %zu steps, from 0",
                               (long long)label, count);
    ASSAY_TRY(make_labels(r, count));
    for (size_t i = 0; i < count; i++)
        r->labels[i] = label < 0 || (json_int_t)i < label ? 1 : (json_int_t)i == label ? 0 : (double)NAN;
    return ASSAY_OK;
}

/* ---- PRM800K ---- */

static bool is_prm800k(const json_t *line)
{
    return field(field(line, "question"), "problem") && json_is_array(field(field(line, "label"), "steps"));
}

/* The completion that the answer goes on with; *ends: with this one it ends. NULL: there is none. */
static const json_t *taken(const json_t *step, bool *by_hand, bool *ends)
{
    const json_t *chosen = field(step, "chosen_completion"), *human = field(step, "human_completion"),
                 *completions = field(step, "completions");
    *by_hand = !chosen && human;
    *ends = !chosen && !human;
    if (*by_hand) return human;
    json_int_t place = chosen ? json_integer_value(chosen) : 0;
    return place >= 0 && json_is_array(completions) ? json_array_get(completions, (size_t)place) : NULL;
}

/* Where a person wrote the step, it is right, though nobody rated it. */
static double rated(const json_t *completion, bool by_hand)
{
    const json_t *rating = field(completion, "rating");
    if (!rating) return by_hand ? 1 : (double)NAN;
    return json_number_value(rating) == 1;
}

static assay_status read_prm800k(step_reader *r)
{
    const json_t *steps = field(field(r->line, "label"), "steps");
    ASSAY_TRY(read_prompt(r, field(field(r->line, "question"), "problem"), "question.problem"));
    ASSAY_TRY(make_labels(r, json_array_size(steps)));
    bool ends = false, by_hand;
    for (size_t i = 0; i < json_array_size(steps) && !ends; i++) {
        const json_t *step = taken(json_array_get(steps, i), &by_hand, &ends), *text = field(step, "text");
        if (!step && ends) break; /* given up before anything was written */
        if (json_is_string(step)) text = step;
        if (!json_is_string(text))
            return assay_error_set(r->err, ASSAY_E_FORMAT, "\"label\": step %zu has no text where it was chosen",
                                   i + 1);
        ASSAY_TRY(add_step(r, json_string_value(text), json_string_length(text), "label.steps", rated(step, by_hand)));
    }
    return r->out->steps.count ? ASSAY_OK
                               : assay_error_set(r->err, ASSAY_E_FORMAT, "\"label\" has no step with a completion");
}

/* ---- Math-Shepherd ---- */

static const char mark[] = "\xd0\xba\xd0\xb8"; /* a Russian word of two letters */

static bool is_math_shepherd(const json_t *line)
{
    const char *input = json_string_value(field(line, "input"));
    return input && strstr(input, mark) && json_is_string(field(line, "label")) && field(line, "task");
}

static assay_status refuse_marks(step_reader *r, size_t step)
{
    return assay_error_set(r->err, ASSAY_E_FORMAT,
                           "\"label\" should be \"input\" with + or - for the mark behind each step; at step %zu it is "
                           "not",
                           step);
}

/* Both texts from `at` on, up to a step's mark; false: they differ there, or the label has neither sign. */
static bool same_up_to_mark(const char *input, const char *label, size_t length)
{
    return !strncmp(input, label, length) && (label[length] == '+' || label[length] == '-');
}

static assay_status read_math_shepherd(step_reader *r)
{
    const char *input = json_string_value(field(r->line, "input")), *label = json_string_value(field(r->line, "label"));
    const char *first = strstr(input, "Step 1:");
    if (!first) return assay_error_set(r->err, ASSAY_E_FORMAT, "\"input\" has no \"Step 1:\", where its steps begin");
    const char *question = input;
    size_t size = (size_t)(first - input), count = 0;
    if (strncmp(input, label, size) != 0) return refuse_marks(r, 1);
    label += size;
    assay_text_strip(&question, &size);
    ASSAY_TRY(assay_turns_push(&r->out->prompt, r->arena, ASSAY_ROLE_USER, question, size, r->err));
    r->out->prompt.from_text = true;
    for (const char *at = first; (at = strstr(at, mark)); at += strlen(mark)) count++;
    ASSAY_TRY(make_labels(r, count));
    for (const char *at = first, *end; (end = strstr(at, mark));) {
        size_t length = (size_t)(end - at), kept = length;
        if (!same_up_to_mark(at, label, length)) return refuse_marks(r, r->out->steps.count + 1);
        assay_text_strip(&at, &kept);
        ASSAY_TRY(add_step(r, at, kept, "input", label[length] == '+'));
        label += length + 1;
        at = end + strlen(mark);
    }
    return ASSAY_OK;
}

/* ---- all ---- */

typedef struct step_format {
    bool (*is)(const json_t *line);
    assay_status (*read)(step_reader *reader);
} step_format;

static const step_format formats[] = {{is_prm800k, read_prm800k},
                                      {is_processbench, read_processbench},
                                      {is_stepwise, read_stepwise},
                                      {is_math_shepherd, read_math_shepherd}};

static const step_format *find(const json_t *line)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].is(line)) return &formats[i];
    return NULL;
}

bool assay_step_format_is(const json_t *line) { return find(line) != NULL; }

assay_status assay_step_format_read(const json_t *line, assay_text_arena *arena, assay_step_answer *out,
                                    assay_error *err)
{
    step_reader reader = {.line = line, .arena = arena, .out = out, .err = err};
    const step_format *format = find(line);
    if (format) return format->read(&reader);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "no answer in labelled steps: TRL's has \"prompt\", \"completions\" and \"labels\", "
                           "ProcessBench's \"problem\", \"steps\" and \"label\", PRM800K's \"question\" and \"label\" "
                           "with \"steps\", Math-Shepherd's \"input\", \"label\" and \"task\"");
}
