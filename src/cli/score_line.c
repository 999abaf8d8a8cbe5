#include "cli/score_line.h"

#include "cli/terminal.h"
#include "data/json_text.h"
#include "head/head.h"
#include "tokenizer/token_json.h"

#include <math.h>
#include <string.h>

static json_t *message_json(const assay_message *message)
{
    json_t *object = json_object();
    int failed = json_object_set_new(object, "role", json_string(assay_role_name(message->role)));
    failed |= json_object_set_new(object, "content", json_stringn(message->text, message->size));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

/* One message of the usual role is its text, anything else a list of messages: read again, both are the same
 * conversation. */
static json_t *messages_json(const assay_message *messages, size_t count, assay_role usual)
{
    if (count == 1 && messages[0].role == usual) return json_stringn(messages[0].text, messages[0].size);
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < count; i++) failed |= json_array_append_new(list, message_json(&messages[i]));
    if (!failed) return list;
    json_decref(list);
    return NULL;
}

static assay_status keep_texts(assay_score_line *line, const assay_input *input, assay_error *err)
{
    size_t shared = input->shared_messages;
    int failed = !(line->answers = json_array());
    if (shared) failed |= !(line->prompt = messages_json(input->items[0].items, shared, ASSAY_ROLE_USER));
    for (size_t i = 0; !failed && i < input->count; i++) {
        const assay_turns *item = &input->items[i];
        assay_role usual = input->is_text ? ASSAY_ROLE_USER : ASSAY_ROLE_ASSISTANT;
        failed |=
            json_array_append_new(line->answers, messages_json(item->items + shared, item->count - shared, usual));
    }
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line") : ASSAY_OK;
}

static assay_status keep_ids(assay_score_line *line, const assay_ids *ids, assay_error *err)
{
    line->ids = assay_alloc(line->count, sizeof *line->ids);
    ASSAY_TRY_ALLOC(line->ids, "a line", err);
    for (size_t i = 0; i < line->count; i++)
        for (size_t t = 0; t < ids[i].count; t++) ASSAY_TRY(assay_ids_push(&line->ids[i], ids[i].data[t], err));
    return ASSAY_OK;
}

static assay_status keep(assay_score_line *line, const assay_input *input, const assay_ids *ids,
                         const assay_score_style *style, assay_error *err)
{
    *line = (assay_score_line){.index = input->index, .count = input->count, .list = input->is_list || input->is_pair};
    line->id = assay_strdup(input->id);
    if (input->id) ASSAY_TRY_ALLOC(line->id, "a line", err);
    if (style->trace) ASSAY_TRY(keep_ids(line, ids, err));
    return style->best || style->pairs ? keep_texts(line, input, err) : ASSAY_OK;
}

assay_status assay_score_line_make(assay_score_line **out, const assay_input *input, const assay_ids *ids,
                                   const assay_score_style *style, assay_error *err)
{
    assay_score_line *line = assay_alloc(1, sizeof *line);
    *out = NULL;
    ASSAY_TRY_ALLOC(line, "a line", err);
    assay_status status = keep(line, input, ids, style, err);
    if (status == ASSAY_OK) *out = line;
    else assay_score_line_free(line);
    return status;
}

void assay_score_line_free(assay_score_line *line)
{
    if (!line) return;
    for (size_t i = 0; line->ids && i < line->count; i++) assay_ids_release(&line->ids[i]);
    assay_free(line->ids);
    assay_free(line->id);
    json_decref(line->prompt);
    json_decref(line->answers);
    assay_free(line);
}

void assay_score_line_ends(const assay_lot *lot, size_t *best, size_t *worst)
{
    *best = *worst = 0;
    for (size_t i = 1; i < lot->count; i++) {
        if (lot->scores[i] > lot->scores[*best]) *best = i;
        if (lot->scores[i] < lot->scores[*worst]) *worst = i;
    }
}

static assay_status put_number(assay_buf *text, double value, assay_error *err)
{
    return isfinite(value) ? assay_buf_printf(text, err, "%.9g", value) : assay_buf_text(text, "null", err);
}

/* "name":[...] of a reading of all scores, or of one where the line asked for one. */
static assay_status put_readings(assay_buf *text, const char *name, const assay_score_line *line, size_t first,
                                 size_t count, const assay_reward_scale *scale,
                                 double (*reading)(const assay_reward_scale *, double), assay_error *err)
{
    bool list = line->list && count == line->count;
    ASSAY_TRY(assay_buf_printf(text, err, ",\"%s\":%s", name, list ? "[" : ""));
    for (size_t i = 0; i < count; i++) {
        if (i) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY(put_number(text, reading(scale, line->lot->scores[first + i]), err));
    }
    return assay_buf_text(text, list ? "]" : "", err);
}

static assay_status put_scale(assay_buf *text, const assay_score_line *line, size_t first, size_t count,
                              const assay_reward_scale *scale, assay_error *err)
{
    if (!scale) return ASSAY_OK;
    ASSAY_TRY(put_readings(text, "normalized", line, first, count, scale, assay_reward_normalized, err));
    ASSAY_TRY(put_readings(text, "percentile", line, first, count, scale, assay_reward_percentile, err));
    return put_readings(text, "p_better", line, first, count, scale, assay_reward_better, err);
}

static assay_status put_token(assay_buf *text, const assay_tokenizer *tokenizer, int32_t id, assay_error *err)
{
    json_t *string = assay_token_json(tokenizer, id);
    ASSAY_TRY_ALLOC(string, "a token", err);
    assay_status status = assay_json_text(string, text, err);
    json_decref(string);
    return status;
}

static assay_status put_trace(assay_buf *text, const assay_ids *ids, const double *rewards,
                              const assay_tokenizer *tokenizer, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(text, "{\"ids\":[", err));
    for (size_t t = 0; t < ids->count; t++)
        ASSAY_TRY(assay_buf_printf(text, err, "%s%d", t ? "," : "", (int)ids->data[t]));
    ASSAY_TRY(assay_buf_text(text, "],\"tokens\":[", err));
    for (size_t t = 0; t < ids->count; t++) {
        if (t) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY(put_token(text, tokenizer, ids->data[t], err));
    }
    ASSAY_TRY(assay_buf_text(text, "],\"rewards\":[", err));
    for (size_t t = 0; t < ids->count; t++) ASSAY_TRY(assay_buf_printf(text, err, "%s%.9g", t ? "," : "", rewards[t]));
    return assay_buf_text(text, "]}", err);
}

static assay_status put_traces(assay_buf *text, const assay_score_line *line, const assay_tokenizer *tokenizer,
                               assay_error *err)
{
    if (!line->ids) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(text, err, ",\"trace\":%s", line->list ? "[" : ""));
    for (size_t i = 0; i < line->count; i++) {
        if (i) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY(put_trace(text, &line->ids[i], line->lot->traces[i], tokenizer, err));
    }
    return assay_buf_text(text, line->list ? "]" : "", err);
}

/* {"helpful":0.5,...}: so many numbers of one answer by the labels' names. */
static assay_status put_label_numbers(assay_buf *text, const assay_score_style *style, const double *numbers,
                                      size_t labels, assay_error *err)
{
    char name[ASSAY_HEAD_LABEL];
    ASSAY_TRY(assay_buf_byte(text, '{', err));
    for (size_t i = 0; i < labels; i++) {
        assay_label_key(style->config, labels, i, name);
        json_t *string = json_string(name);
        if (i) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY_ALLOC(string, "a label", err);
        assay_status status = assay_json_text(string, text, err);
        json_decref(string);
        ASSAY_TRY(status);
        ASSAY_TRY(assay_buf_printf(text, err, ":%.9g", numbers[i]));
    }
    return assay_buf_byte(text, '}', err);
}

/* "key":... of every answer's numbers from the head's `from` on. */
static assay_status put_named(assay_buf *text, const char *key, const assay_score_line *line, size_t first,
                              size_t count, const assay_score_style *style, size_t from, size_t labels,
                              assay_error *err)
{
    bool list = line->list && count == line->count;
    size_t outputs = assay_head_outputs(style->head);
    ASSAY_TRY(assay_buf_printf(text, err, ",\"%s\":%s", key, list ? "[" : ""));
    for (size_t i = 0; i < count; i++) {
        if (i) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY(put_label_numbers(text, style, &line->lot->labels[(first + i) * outputs + from], labels, err));
    }
    return assay_buf_text(text, list ? "]" : "", err);
}

static assay_status put_labels(assay_buf *text, const assay_score_line *line, size_t first, size_t count,
                               const assay_score_style *style, assay_error *err)
{
    if (!line->lot->labels) return ASSAY_OK;
    size_t from, labels = assay_head_labels(style->head, &from);
    ASSAY_TRY(put_named(text, "labels", line, first, count, style, from, labels, err));
    if (from == 0) return ASSAY_OK;
    return put_named(text, "gating", line, first, count, style, from + labels, labels, err);
}

/* [0.9,0.2]: what the steps of one answer score. */
static assay_status put_step_numbers(assay_buf *text, const assay_lot *lot, size_t answer, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(text, '[', err));
    for (size_t i = 0; i < lot->ends[answer].count; i++)
        ASSAY_TRY(assay_buf_printf(text, err, "%s%.9g", i ? "," : "", lot->steps[answer][i]));
    return assay_buf_byte(text, ']', err);
}

static assay_status put_steps(assay_buf *text, const assay_score_line *line, size_t first, size_t count,
                              assay_error *err)
{
    bool list = line->list && count == line->count;
    if (!line->lot->steps) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(text, err, ",\"steps\":%s", list ? "[" : ""));
    for (size_t i = 0; i < count; i++) {
        if (i) ASSAY_TRY(assay_buf_byte(text, ',', err));
        ASSAY_TRY(put_step_numbers(text, line->lot, first + i, err));
    }
    return assay_buf_text(text, list ? "]" : "", err);
}

static assay_status put_id(assay_buf *text, const assay_score_line *line, assay_error *err)
{
    return line->id ? assay_buf_printf(text, err, ",\"id\":%s", line->id) : ASSAY_OK;
}

static assay_status put_scores(assay_buf *text, const assay_score_line *line, const assay_score_style *style,
                               assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(text, err, "{\"index\":%llu,\"score\":%s", (unsigned long long)line->index,
                               line->list ? "[" : ""));
    for (size_t i = 0; i < line->count; i++)
        ASSAY_TRY(assay_buf_printf(text, err, "%s%.9g", i ? "," : "", line->lot->scores[i]));
    ASSAY_TRY(assay_buf_text(text, line->list ? "]" : "", err));
    ASSAY_TRY(put_labels(text, line, 0, line->count, style, err));
    ASSAY_TRY(put_steps(text, line, 0, line->count, err));
    ASSAY_TRY(put_scale(text, line, 0, line->count, style->scale, err));
    ASSAY_TRY(put_traces(text, line, style->tokenizer, err));
    return put_id(text, line, err);
}

static assay_status put_json(assay_buf *text, const char *name, const json_t *value, assay_error *err)
{
    if (!value) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(text, err, "%s\"%s\":", text->size > 1 ? "," : "", name));
    return assay_json_text(value, text, err);
}

static assay_status put_best(assay_buf *text, const assay_score_line *line, const assay_score_style *style,
                             assay_error *err)
{
    size_t best, worst;
    assay_score_line_ends(line->lot, &best, &worst);
    ASSAY_TRY(assay_buf_printf(text, err, "{\"index\":%llu,\"best\":%zu,\"score\":%.9g",
                               (unsigned long long)line->index, best, line->lot->scores[best]));
    ASSAY_TRY(put_labels(text, line, best, 1, style, err));
    ASSAY_TRY(put_steps(text, line, best, 1, err));
    ASSAY_TRY(put_scale(text, line, best, 1, style->scale, err));
    ASSAY_TRY(put_json(text, "prompt", line->prompt, err));
    ASSAY_TRY(put_json(text, line->prompt ? "response" : "text", json_array_get(line->answers, best), err));
    return put_id(text, line, err);
}

static assay_status put_pair(assay_buf *text, const assay_score_line *line, assay_error *err)
{
    size_t best, worst;
    assay_score_line_ends(line->lot, &best, &worst);
    ASSAY_TRY(assay_buf_byte(text, '{', err));
    ASSAY_TRY(put_json(text, "prompt", line->prompt, err));
    ASSAY_TRY(put_json(text, "chosen", json_array_get(line->answers, best), err));
    ASSAY_TRY(put_json(text, "rejected", json_array_get(line->answers, worst), err));
    ASSAY_TRY(assay_buf_printf(text, err, ",\"score_chosen\":%.9g,\"score_rejected\":%.9g", line->lot->scores[best],
                               line->lot->scores[worst]));
    return put_id(text, line, err);
}

assay_status assay_score_line_print(assay_score_line *line, const assay_lot *lot, const assay_score_style *style,
                                    assay_error *err)
{
    assay_buf text;
    line->lot = lot;
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = style->pairs  ? put_pair(&text, line, err)
                          : style->best ? put_best(&text, line, style, err)
                                        : put_scores(&text, line, style, err);
    if (status == ASSAY_OK) status = assay_buf_text(&text, "}\n", err);
    if (status == ASSAY_OK) status = assay_print_exact(text.data, err);
    assay_buf_release(&text);
    return status;
}
