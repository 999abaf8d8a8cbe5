/* Assay's own: the lines `assay score` reads, one or many ("inputs"), with probabilities and a reward for every token
 * on request. */
#include "serve/dialect.h"

#include "data/input_file.h"
#include "data/json_text.h"
#include "data/pair_formats.h"
#include "head/head.h"

#include <math.h>
#include <string.h>

static assay_status keep_count(json_t *counts, size_t count, bool list, assay_error *err)
{
    json_int_t code = (json_int_t)count * 2 + list;
    return json_array_append_new(counts, json_integer(code))
               ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a request")
               : ASSAY_OK;
}

/* A prompt with a list of answers, by the same rules as assay_input_read but with the prompt kept once: its messages
 * times its answers can be many. */
static bool has_shared_prompt(const json_t *line)
{
    uint32_t format = assay_pair_format_find(line);
    bool pair = format != ASSAY_FORMAT_NONE && strcmp(assay_pair_format_name(format), "best-of-n") != 0;
    return !pair && json_object_get(line, "prompt") && json_array_size(json_object_get(line, "responses")) > 1 &&
           !json_object_get(line, "tools");
}

static assay_status add_answers(assay_ask *ask, const json_t *line, json_t *counts, assay_error *err)
{
    const json_t *responses = json_object_get(line, "responses");
    const assay_turns *prompt;
    const char *id;
    ASSAY_TRY(assay_json_id(json_object_get(line, "id"), &ask->arena, &id, err));
    ASSAY_TRY(assay_ask_prompt(ask, &prompt, json_object_get(line, "prompt"), "prompt", err));
    for (size_t i = 0; i < json_array_size(responses); i++)
        ASSAY_TRY(assay_ask_answer(ask, prompt, json_array_get(responses, i), "responses", err));
    return keep_count(counts, json_array_size(responses), true, err);
}

static assay_status add_line(assay_ask *ask, const json_t *line, json_t *counts, assay_error *err)
{
    assay_input input;
    if (json_is_object(line) && has_shared_prompt(line)) return add_answers(ask, line, counts, err);
    ASSAY_TRY(assay_input_read(&input, line, &ask->arena, err));
    for (size_t i = 0; i < input.count; i++) {
        assay_ask_item *item;
        ASSAY_TRY(assay_ask_add(ask, &item, err));
        item->turns = input.items[i];
        item->is_text = input.is_text;
    }
    return keep_count(counts, input.count, input.is_list || input.is_pair, err);
}

static assay_status parse_activation(assay_ask *ask, assay_error *err)
{
    const char *name = NULL;
    ASSAY_TRY(assay_json_string(ask->body, "activation", false, &name, "the request", err));
    if (!name) return ASSAY_OK;
    if (strcmp(name, "none") != 0 && strcmp(name, "sigmoid") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "\"activation\" is \"%.40s\"; it should be \"none\" or \"sigmoid\"",
                               name);
    ask->activation = *name == 'n' ? ASSAY_ASK_RAW : ASSAY_ASK_SIGMOID;
    return ASSAY_OK;
}

static assay_status parse(assay_ask *ask, assay_error *err)
{
    const json_t *inputs = assay_ask_field(ask, "inputs");
    json_t *counts = ask->counts = json_array();
    ASSAY_TRY_ALLOC(counts, "a request", err);
    ASSAY_TRY(assay_ask_flag(ask, "trace", &ask->trace, err));
    ASSAY_TRY(parse_activation(ask, err));
    if (!inputs) return add_line(ask, ask->body, counts, err);
    if (!json_is_array(inputs))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"inputs\" should be a list and is %s", assay_json_kind(inputs));
    ask->is_list = true;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        assay_status status = add_line(ask, json_array_get(inputs, i), counts, err);
        if (status != ASSAY_OK) return assay_error_prefix(err, status, "inputs[%zu]: ", i);
    }
    return ASSAY_OK;
}

static json_t *score_value(const assay_reply *reply, size_t first, size_t count, bool list)
{
    json_t *scores = list ? json_array() : json_real(reply->scores[first]);
    for (size_t i = 0; list && i < count; i++) json_array_append_new(scores, json_real(reply->scores[first + i]));
    return scores;
}

/* P(this answer is the best of the line's), by Bradley and Terry; of two: sigmoid of the difference. */
static json_t *probabilities(const assay_reply *reply, size_t first, size_t count)
{
    double most = reply->rewards[first], sum = 0;
    json_t *list = json_array();
    for (size_t i = 1; i < count; i++) most = fmax(most, reply->rewards[first + i]);
    for (size_t i = 0; i < count; i++) sum += exp(reply->rewards[first + i] - most);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_real(assay_nine_digits(exp(reply->rewards[first + i] - most) / sum)));
    return list;
}

/* Of the head's numbers those from `from` on, by the labels' names. */
static json_t *label_numbers(const assay_reply *reply, size_t index, size_t from, size_t labels)
{
    json_t *numbers = json_object();
    char name[ASSAY_HEAD_LABEL];
    const double *row = &reply->labels[index * assay_head_outputs(reply->head) + from];
    for (size_t i = 0; i < labels; i++) {
        assay_label_key(reply->config, labels, i, name);
        json_object_set_new(numbers, name, json_real(assay_nine_digits(row[i])));
    }
    return numbers;
}

/* As `assay score` writes them: raw, one object a score. */
static json_t *label_value(const assay_reply *reply, size_t first, size_t count, bool list, bool gating)
{
    size_t from, labels = assay_head_labels(reply->head, &from);
    if (gating) from += labels;
    json_t *value = list ? json_array() : label_numbers(reply, first, from, labels);
    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(value, label_numbers(reply, first + i, from, labels));
    return value;
}

static json_t *render_line(const assay_ask *ask, const assay_reply *reply, size_t index, size_t first, size_t count,
                           bool list)
{
    json_t *line = json_pack("{s:I, s:o}", "index", (json_int_t)index, "score", score_value(reply, first, count, list));
    const json_t *source = ask->is_list ? json_array_get(assay_ask_field(ask, "inputs"), index) : ask->body;
    json_t *id = json_object_get(source, "id");
    if (id) json_object_set(line, "id", id);
    if (reply->labels) json_object_set_new(line, "labels", label_value(reply, first, count, list, false));
    if (reply->labels && reply->head->gate.rewards.outputs)
        json_object_set_new(line, "gating", label_value(reply, first, count, list, true));
    if (count > 1) json_object_set_new(line, "probability", probabilities(reply, first, count));
    if (!reply->traces) return line;
    json_t *traces = json_array();
    for (size_t i = 0; i < count; i++) json_array_append(traces, reply->traces[first + i]);
    json_object_set_new(line, "trace", traces);
    return line;
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    json_t *data = json_array();
    const json_t *counts = ask->counts;
    size_t first = 0;
    for (size_t i = 0; i < json_array_size(counts); i++) {
        json_int_t code = json_integer_value(json_array_get(counts, i));
        json_array_append_new(data, render_line(ask, reply, i, first, (size_t)code / 2, code & 1));
        first += (size_t)code / 2;
    }
    json_t *answer = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", reply->id, "object", "assay.score", "model",
                               reply->model, "fingerprint", reply->fingerprint, "usage", assay_reply_usage(reply));
    if (!answer) {
        json_decref(data);
        return NULL;
    }
    if (!ask->is_list) json_object_update(answer, json_array_get(data, 0));
    else json_object_set(answer, "data", data);
    if (!ask->is_list) json_object_set_new(answer, "id", json_string(reply->id));
    json_decref(data);
    return answer;
}

static const char *const paths[] = {"/v1/score", "/score", NULL};
static const char *const fields[] = {"inputs", "prompt", "messages",        "conversations", "text",
                                     "chosen", "input",  "response_chosen", "output_1",      NULL};

const assay_dialect assay_dialect_own = {
    .name = "assay",
    .summary =
        "Assay's own: what `assay score` reads, one line or a list of them in \"inputs\". \"trace\": a reward "
        "for every token; \"activation\": none or sigmoid. A head of several labels answers all of them by name in "
        "\"labels\", raw",
    .paths = paths,
    .fields = fields,
    .request = "{\"prompt\": \"What is 2+2?\", \"responses\": [\"4\", \"5\"]}",
    .response = "{\"id\": \"score-1\", \"object\": \"assay.score\", \"model\": \"default\", \"fingerprint\": \"0123\", "
                "\"index\": 0, \"score\": [0.5, -0.25], "
                "\"probability\": [0.679178699, 0.320821301], \"usage\": {}}",
    .parse = parse,
    .render = render,
};
