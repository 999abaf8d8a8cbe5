#include "data/input_file.h"

#include "data/json_text.h"
#include "data/pair_formats.h"
#include "data/record_reader.h"
#include "data/step_formats.h"

#include <string.h>

struct assay_inputs {
    assay_records *records;
    const assay_columns *columns;
    assay_text_arena arena;
    assay_input input;
    uint64_t next_index;
};

static const json_t *present(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return json_is_null(value) ? NULL : value;
}

static assay_status new_items(assay_input *input, assay_text_arena *arena, size_t count, assay_turns **items,
                              assay_error *err)
{
    if (!count || count > ASSAY_INPUT_ANSWERS_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "a list of %zu answers to score; 1 to %d are allowed in a line",
                               count, ASSAY_INPUT_ANSWERS_MAX);
    *items = assay_text_arena_alloc(arena, count, sizeof **items);
    ASSAY_TRY_ALLOC(*items, "a line's conversations", err);
    input->items = *items;
    input->count = count;
    return ASSAY_OK;
}

static assay_status read_pair(assay_input *input, uint32_t format, const json_t *line, assay_text_arena *arena,
                              assay_error *err)
{
    assay_turns *items;
    assay_pair pair;
    assay_drop_reason drop;
    ASSAY_TRY(assay_pair_format_read(format, line, arena, &pair, &drop, err));
    size_t count = pair.answers ? pair.answer_count : pair.single ? 1 : 2;
    const assay_answer ends[2] = {{.turns = pair.chosen, .place = pair.rejected_first},
                                  {.turns = pair.rejected, .place = !pair.rejected_first}},
                       *answers = pair.answers ? pair.answers : ends;
    ASSAY_TRY(new_items(input, arena, count, &items, err));
    for (size_t i = 0; i < count; i++) {
        assay_turns *item = items + answers[i].place;
        ASSAY_TRY(assay_turns_append(item, arena, pair.prompt.items, pair.prompt.count, err));
        ASSAY_TRY(assay_turns_append(item, arena, answers[i].turns.items, answers[i].turns.count, err));
    }
    input->is_pair = !pair.answers && !pair.single;
    input->is_list = pair.answers;
    input->from_text = pair.prompt.from_text;
    input->shared_messages = pair.prompt.count;
    return ASSAY_OK;
}

static assay_status read_response(assay_turns *item, const assay_turns *prompt, const json_t *response,
                                  const char *name, assay_text_arena *arena, assay_error *err)
{
    ASSAY_TRY(assay_turns_append(item, arena, prompt->items, prompt->count, err));
    return assay_turns_any(item, arena, ASSAY_ROLE_ASSISTANT, response, name, err);
}

static assay_status read_responses(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err)
{
    const json_t *list = present(line, "responses"), *one = present(line, "response");
    assay_turns prompt = {0}, *items;
    if (list && !json_is_array(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"responses\" should be a list and is %s", assay_json_kind(list));
    ASSAY_TRY(assay_turns_any(&prompt, arena, ASSAY_ROLE_USER, present(line, "prompt"), "prompt", err));
    ASSAY_TRY(new_items(input, arena, list ? json_array_size(list) : 1, &items, err));
    input->is_list = list != NULL;
    input->from_text = json_is_string(present(line, "prompt"));
    input->shared_messages = prompt.count;
    if (!list) return read_response(items, &prompt, one, "response", arena, err);
    for (size_t i = 0; i < input->count; i++)
        ASSAY_TRY(read_response(items + i, &prompt, json_array_get(list, i), "responses", arena, err));
    return ASSAY_OK;
}

/* One answer in steps. */
static assay_status read_steps(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err)
{
    assay_turns *item;
    const json_t *prompt = present(line, "prompt");
    ASSAY_TRY(new_items(input, arena, 1, &item, err));
    ASSAY_TRY(assay_turns_any(item, arena, ASSAY_ROLE_USER, prompt, "prompt", err));
    input->from_text = json_is_string(prompt);
    input->shared_messages = item->count;
    return assay_turns_steps(item, arena, present(line, "completions"), "completions", err);
}

/* One answer in labelled steps of another form than TRL's; the labels are nothing to score. */
static assay_status read_labelled_steps(assay_input *input, const json_t *line, assay_text_arena *arena,
                                        assay_error *err)
{
    assay_turns *item;
    assay_step_answer answer = {0};
    ASSAY_TRY(new_items(input, arena, 1, &item, err));
    ASSAY_TRY(assay_step_format_read(line, arena, &answer, NULL, err));
    ASSAY_TRY(assay_turns_append(item, arena, answer.prompt.items, answer.prompt.count, err));
    ASSAY_TRY(assay_turns_append(item, arena, answer.steps.items, answer.steps.count, err));
    input->from_text = answer.prompt.from_text;
    input->shared_messages = answer.prompt.count;
    return ASSAY_OK;
}

static assay_status read_conversation(assay_input *input, const json_t *list, const char *name, assay_text_arena *arena,
                                      assay_error *err)
{
    assay_turns *items;
    ASSAY_TRY(new_items(input, arena, 1, &items, err));
    ASSAY_TRY(assay_turns_list(items, arena, list, name, err));
    if (!items->count) return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" is empty: there is nothing to score", name);
    return ASSAY_OK;
}

static assay_status read_text(assay_input *input, const json_t *text, assay_text_arena *arena, assay_error *err)
{
    assay_turns *items;
    input->is_text = true;
    input->is_list = json_is_array(text);
    ASSAY_TRY(new_items(input, arena, input->is_list ? json_array_size(text) : 1, &items, err));
    for (size_t i = 0; i < input->count; i++) {
        const json_t *one = input->is_list ? json_array_get(text, i) : text;
        ASSAY_TRY(assay_turns_text(items + i, arena, ASSAY_ROLE_USER, one, "text", err));
    }
    return ASSAY_OK;
}

static assay_status read_shape(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err)
{
    uint32_t format = assay_pair_format_find(line);
    /* two are a pair to train on; here all get new scores */
    bool scored = format != ASSAY_FORMAT_NONE && !strcmp(assay_pair_format_name(format), "best-of-n");
    bool steps = format != ASSAY_FORMAT_NONE && assay_pair_format_is_steps(format);
    if (format != ASSAY_FORMAT_NONE && !scored && !steps) return read_pair(input, format, line, arena, err);
    if (present(line, "prompt") && (present(line, "responses") || present(line, "response")))
        return read_responses(input, line, arena, err);
    if (present(line, "prompt") && present(line, "completions")) return read_steps(input, line, arena, err);
    if (assay_step_format_is(line)) return read_labelled_steps(input, line, arena, err);
    const json_t *messages = present(line, "messages"), *conversations = present(line, "conversations"),
                 *text = present(line, "text");
    if (messages) return read_conversation(input, messages, "messages", arena, err);
    if (conversations) return read_conversation(input, conversations, "conversations", arena, err);
    if (text) return read_text(input, text, arena, err);
    char have[400];
    assay_field_list(line, have, sizeof have);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "nothing to score: give \"prompt\" and \"response\", or \"messages\", \"conversations\", "
                           "\"text\", or a pair (the fields are: %s)",
                           have);
}

/* What is said of the line as a whole holds for each of its conversations. */
static assay_status add_context(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err)
{
    assay_turns whole = {0};
    if (input->is_text) return ASSAY_OK;
    ASSAY_TRY(assay_turns_context(&whole, arena, line, err));
    for (size_t i = 0; i < input->count; i++) input->items[i].context = whole.context;
    return ASSAY_OK;
}

assay_status assay_input_read(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err)
{
    *input = (assay_input){.where = ""};
    if (!json_is_object(line))
        return assay_error_set(err, ASSAY_E_FORMAT, "an object is expected, not %s", assay_json_kind(line));
    ASSAY_TRY(assay_json_id(present(line, "id"), arena, &input->id, err));
    ASSAY_TRY(read_shape(input, line, arena, err));
    return add_context(input, line, arena, err);
}

assay_status assay_inputs_open(assay_inputs **out, const char *path, const assay_columns *columns, assay_error *err)
{
    *out = NULL;
    assay_inputs *inputs = assay_alloc(1, sizeof *inputs);
    ASSAY_TRY_ALLOC(inputs, "a reader", err);
    inputs->columns = columns && columns->count ? columns : NULL;
    assay_status status = assay_records_open(&inputs->records, path, err);
    if (status != ASSAY_OK) {
        assay_free(inputs);
        return status;
    }
    *out = inputs;
    return ASSAY_OK;
}

void assay_inputs_close(assay_inputs *inputs)
{
    if (!inputs) return;
    assay_records_close(inputs->records);
    assay_text_arena_release(&inputs->arena);
    assay_free(inputs);
}

bool assay_inputs_broken(const assay_inputs *inputs) { return assay_records_broken(inputs->records); }

static assay_status read_line(assay_inputs *inputs, const json_t *line, assay_error *err)
{
    if (!inputs->columns) return assay_input_read(&inputs->input, line, &inputs->arena, err);
    json_t *renamed;
    ASSAY_TRY(assay_columns_apply(inputs->columns, line, &renamed, err));
    assay_status status = assay_input_read(&inputs->input, renamed, &inputs->arena, err);
    json_decref(renamed);
    return status;
}

assay_status assay_inputs_next(assay_inputs *inputs, const assay_input **input, assay_error *err)
{
    const assay_record *record;
    *input = NULL;
    assay_text_arena_reset(&inputs->arena);
    assay_status status = assay_records_next(inputs->records, &record, err);
    if (status == ASSAY_OK && !record) return ASSAY_OK;
    uint64_t index = inputs->next_index++;
    ASSAY_TRY(status);
    status = read_line(inputs, record->value, err);
    if (status == ASSAY_E_FORMAT && !index && !inputs->input.count)
        assay_records_doubt_header(inputs->records, status, err);
    if (status != ASSAY_OK) return assay_error_prefix(err, status, "%s: ", assay_records_where(inputs->records));
    inputs->input.index = index;
    inputs->input.where = assay_records_where(inputs->records);
    *input = &inputs->input;
    return ASSAY_OK;
}
