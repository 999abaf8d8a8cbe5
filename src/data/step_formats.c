#include "data/step_formats.h"

#include "data/json_text.h"

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

/* With a chosen and a rejected answer beside them it is a pair. */
static bool is_stepwise(const json_t *line)
{
    if (field(line, "chosen") && field(line, "rejected")) return false;
    return field(line, "prompt") && json_is_array(field(line, "completions")) && json_is_array(field(line, "labels"));
}

static bool label_of(const json_t *value, double *label)
{
    *label = json_is_boolean(value) ? (double)json_is_true(value)
             : json_is_null(value)  ? (double)NAN
                                    : json_number_value(value);
    return json_is_boolean(value) || json_is_null(value) || (json_is_number(value) && *label >= 0 && *label <= 1);
}

static const char *out_of_range(const json_t *label)
{
    return json_is_number(label) ? "a number beyond them" : assay_json_kind(label);
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
                                   "\"labels\": that of step %zu should be true, false or a number from 0 to 1 and is "
                                   "%s",
                                   i + 1, out_of_range(json_array_get(labels, i)));
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

static assay_status refuse_step(step_reader *r, size_t step, const char *what)
{
    return assay_error_set(r->err, ASSAY_E_FORMAT, "\"label\": step %zu %s", step, what);
}

/* The completion that the answer goes on with, a person's or one of the list; *ends: with it the answer ends, or NULL:
 * it was given up before anything was written. */
static assay_status find_taken(step_reader *r, const json_t *steps, size_t i, const json_t **taken, bool *ends)
{
    const json_t *step = json_array_get(steps, i), *chosen = field(step, "chosen_completion"),
                 *human = field(step, "human_completion"), *completions = field(step, "completions");
    *ends = !chosen && !human;
    if (chosen && !json_is_integer(chosen)) return refuse_step(r, i + 1, "has a chosen_completion that is no place");
    size_t place = chosen && json_integer_value(chosen) >= 0 ? (size_t)json_integer_value(chosen) : 0;
    if (chosen && json_integer_value(chosen) < 0) return refuse_step(r, i + 1, "has no text where it was chosen");
    *taken = !chosen && human ? human : json_array_get(completions, place);
    r->out->others += json_array_size(completions) - (*taken && *taken != human);
    return ASSAY_OK;
}

/* Where a person wrote the step, it is right, though nobody rated it. */
static assay_status read_rating(step_reader *r, const json_t *completion, size_t step, bool by_hand, double *label)
{
    const json_t *rating = field(completion, "rating");
    double value = json_number_value(rating);
    *label = by_hand ? 1 : (double)NAN;
    if (!rating) return ASSAY_OK;
    if (!json_is_number(rating) || (value != -1 && value != 0 && value != 1))
        return assay_error_set(r->err, ASSAY_E_FORMAT,
                               "\"label\": step %zu has a rating that should be -1, 0, 1 or null and is %s", step,
                               json_is_number(rating) ? "another number" : assay_json_kind(rating));
    r->out->neutral += value == 0;
    *label = value == 1;
    return ASSAY_OK;
}

static assay_status read_prm800k(step_reader *r)
{
    const json_t *steps = field(field(r->line, "label"), "steps");
    ASSAY_TRY(read_prompt(r, field(field(r->line, "question"), "problem"), "question.problem"));
    ASSAY_TRY(make_labels(r, json_array_size(steps)));
    bool ends = false;
    for (size_t i = 0; i < json_array_size(steps) && !ends; i++) {
        const json_t *step = NULL;
        double label = (double)NAN;
        ASSAY_TRY(find_taken(r, steps, i, &step, &ends));
        if (!step && ends) break;
        const json_t *text = json_is_string(step) ? step : field(step, "text");
        if (!json_is_string(text)) return refuse_step(r, i + 1, "has no text where it was chosen");
        bool by_hand = step == field(json_array_get(steps, i), "human_completion");
        ASSAY_TRY(read_rating(r, step, i + 1, by_hand, &label));
        ASSAY_TRY(add_step(r, json_string_value(text), json_string_length(text), "label.steps", label));
    }
    return r->out->steps.count ? ASSAY_OK
                               : assay_error_set(r->err, ASSAY_E_FORMAT, "\"label\" has no step with a completion");
}

/* ---- Math-Shepherd ---- */

static const char mark[] = "\xd0\xba\xd0\xb8"; /* a Russian word of two letters */

/* The next mark from `at` on, where the label beside it goes on with a sign instead of the same letters, which are part
 * of a word there. NULL: none. */
static const char *next_mark(const char *at, const char *label)
{
    const char *found;
    while ((found = strstr(at, mark))) {
        size_t gap = (size_t)(found - at);
        if (strncmp(at, label, gap) != 0 || strncmp(label + gap, mark, strlen(mark)) != 0) return found;
        label += gap + strlen(mark);
        at = found + strlen(mark);
    }
    return NULL;
}

/* Both texts from `at` on, up to a step's mark; false: they differ there, or the label has neither sign. */
static bool same_up_to_mark(const char *input, const char *label, size_t length)
{
    return !strncmp(input, label, length) && (label[length] == '+' || label[length] == '-');
}

/* Others who write it (distilabel) leave the task out; then the signs tell it. */
static bool is_math_shepherd(const json_t *line)
{
    const char *input = json_string_value(field(line, "input")), *label = json_string_value(field(line, "label"));
    const char *found = input && label ? next_mark(input, label) : NULL;
    return found && (field(line, "task") || same_up_to_mark(input, label, (size_t)(found - input)));
}

static assay_status refuse_marks(step_reader *r, size_t step)
{
    return assay_error_set(r->err, ASSAY_E_FORMAT,
                           "\"label\" should be \"input\" with + or - for the mark behind each step; at step %zu it is "
                           "not",
                           step);
}

/* Behind the last mark: a step that nobody judged. */
static assay_status add_rest(step_reader *r, const char *input, const char *label)
{
    size_t length = strlen(input);
    if (strcmp(input, label) != 0) return refuse_marks(r, r->out->steps.count + 1);
    assay_text_strip(&input, &length);
    return length ? add_step(r, input, length, "input", (double)NAN) : ASSAY_OK;
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
    ASSAY_TRY(make_labels(r, count + 1));
    const char *at = first;
    for (const char *end; (end = next_mark(at, label));) {
        size_t length = (size_t)(end - at), kept = length;
        if (!same_up_to_mark(at, label, length)) return refuse_marks(r, r->out->steps.count + 1);
        assay_text_strip(&at, &kept);
        ASSAY_TRY(add_step(r, at, kept, "input", label[length] == '+'));
        label += length + 1;
        at = end + strlen(mark);
    }
    return add_rest(r, at, label);
}

/* ---- all ---- */

typedef struct step_format {
    const char *name;
    bool (*is)(const json_t *line);
    assay_status (*read)(step_reader *reader);
} step_format;

static const step_format formats[] = {{"prm800k", is_prm800k, read_prm800k},
                                      {"processbench", is_processbench, read_processbench},
                                      {"stepwise", is_stepwise, read_stepwise},
                                      {"math-shepherd", is_math_shepherd, read_math_shepherd}};
_Static_assert(sizeof formats / sizeof *formats == ASSAY_STEP_FORMATS, "whoever counts by format has room for all");

/* ASSAY_STEP_FORMATS: none. */
static uint32_t find(const json_t *line)
{
    uint32_t i = 0;
    while (i < ASSAY_STEP_FORMATS && !formats[i].is(line)) i++;
    return i;
}

bool assay_step_format_is(const json_t *line) { return find(line) < ASSAY_STEP_FORMATS; }

const char *assay_step_format_name(uint32_t format) { return formats[format].name; }

/* What a reader put in last has no text, and there it stopped. */
static bool ends_empty(const assay_turns *steps)
{
    if (!steps->count) return false;
    return assay_turns_blank(&(assay_turns){.items = steps->items + steps->count - 1, .count = 1});
}

static assay_status read(step_reader *r)
{
    ASSAY_TRY(assay_turns_context(&r->out->prompt, r->arena, r->line, r->err));
    ASSAY_TRY(assay_json_id(field(r->line, "id"), r->arena, &r->out->id, r->err));
    return formats[r->out->format].read(r);
}

/* What is none of them, and why it may be: a field that tells them holds what cannot be read. */
static assay_status refuse_line(const json_t *line, assay_error *err)
{
    static const char *const names[] = {"prompt", "completions", "labels", "problem",
                                        "steps",  "label",       "input",  "task"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *reason = assay_json_unreadable(json_object_get(line, names[i]));
        if (reason) return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" is %s", names[i], reason);
    }
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "no answer in labelled steps: TRL's has \"prompt\", \"completions\" and \"labels\", "
                           "ProcessBench's \"problem\", \"steps\" and \"label\", PRM800K's \"question\" and \"label\" "
                           "with \"steps\", Math-Shepherd's \"input\", \"label\" and \"task\"");
}

assay_status assay_step_format_read(const json_t *line, assay_text_arena *arena, assay_step_answer *out, bool *empty,
                                    assay_error *err)
{
    step_reader reader = {.line = line, .arena = arena, .out = out, .err = err};
    out->format = find(line);
    if (out->format == ASSAY_STEP_FORMATS) return refuse_line(line, err);
    assay_status status = read(&reader);
    if (status == ASSAY_E_FORMAT && empty) *empty = ends_empty(&out->steps);
    return status;
}
