/* Answers in labelled steps as TRL's PRMTrainer reads them. */
#include "data/step_file.h"

#include "base/file.h"
#include "data/json_text.h"
#include "data/turn_write.h"

#include <math.h>

static json_t *prompt_json(const assay_turns *prompt)
{
    if (!prompt->from_text || prompt->count != 1) return assay_turns_json(prompt);
    return json_stringn(prompt->items[0].text, prompt->items[0].size);
}

static json_t *label_json(double label, bool numbers)
{
    if (isnan(label)) return json_null();
    return numbers ? json_real(label) : json_boolean(label == 1);
}

static int add_steps(json_t *line, const assay_step_answer *answer, bool numbers)
{
    json_t *steps = json_array(), *labels = json_array();
    int failed = json_object_set_new(line, "completions", steps) | json_object_set_new(line, "labels", labels);
    for (size_t i = 0; i < assay_step_answer_judged(answer) && !failed; i++) {
        const assay_message *step = &answer->steps.items[i];
        failed = json_array_append_new(steps, json_stringn(step->text, step->size));
        failed |= json_array_append_new(labels, label_json(answer->labels[i], numbers));
    }
    return failed;
}

static json_t *answer_json(const assay_step_answer *answer, bool numbers)
{
    json_t *line = json_object();
    int failed = json_object_set_new(line, "prompt", prompt_json(&answer->prompt));
    failed |= assay_context_write(line, answer->prompt.context);
    if (!failed) failed = add_steps(line, answer, numbers);
    if (answer->subset) failed |= json_object_set_new(line, "subset", json_string(answer->subset));
    if (answer->id) failed |= json_object_set_new(line, "id", assay_json_value(answer->id));
    if (!failed) return line;
    json_decref(line);
    return NULL;
}

assay_status assay_step_line(const assay_step_answer *answer, bool numbers, assay_buf *text, assay_error *err)
{
    assay_buf_reset(text);
    if (!assay_step_answer_judged(answer)) return ASSAY_OK;
    json_t *line = answer_json(answer, numbers);
    ASSAY_TRY_ALLOC(line, "an answer", err);
    assay_status status = assay_json_text(line, text, err);
    json_decref(line);
    return status == ASSAY_OK ? assay_buf_byte(text, '\n', err) : status;
}

bool assay_step_set_has_shares(const assay_step_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->items[i].steps.count; k++)
            if (set->items[i].labels[k] > 0 && set->items[i].labels[k] < 1) return true;
    return false;
}

assay_status assay_step_set_write(const assay_step_set *set, const char *path, assay_error *err)
{
    assay_writer writer;
    assay_buf text;
    bool numbers = assay_step_set_has_shares(set);
    ASSAY_TRY(assay_writer_open(&writer, path, err));
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++) {
        status = assay_step_line(&set->items[i], numbers, &text, err);
        if (status == ASSAY_OK && text.size) status = assay_writer_write(&writer, text.data, text.size, err);
    }
    assay_buf_release(&text);
    if (status == ASSAY_OK) return assay_writer_commit(&writer, err);
    assay_writer_abort(&writer);
    return status;
}
