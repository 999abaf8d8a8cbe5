/* Two ways to say where a step ends, after the two kinds of models that read steps.
 *
 * A separator that is one token of its own (<extra_0>) stands in the answer's text behind each step, and the chat
 * template renders that text like any other: its tokens are found among the ids. There must be as many as there are
 * steps, or a text forges one.
 *
 * Any other separator belongs to plain text, and pieces are encoded each for itself, as TRL's PRMTrainer does
 * (trl/trainer/prm_trainer.py, tokenize_row): BOS where the tokenizer has one, the prompt, then each step and its
 * separator, whose last id is where the step is read. */
#include "base/alloc.h"
#include "template/template_kind.h"

#include <string.h>

assay_status assay_template_steps_open(assay_template *t, const char *separator, assay_error *err)
{
    if (!*separator) return assay_error_set(err, ASSAY_E_USAGE, "--step-separator is empty: nothing ends a step");
    t->separator = assay_strdup(separator);
    ASSAY_TRY_ALLOC(t->separator, "a separator", err);
    t->step_token = assay_tokenizer_find_added(t->tokenizer, separator);
    return ASSAY_OK;
}

assay_status assay_template_steps_check(const assay_template *t, assay_error *err)
{
    if (!t->separator || t->step_token >= 0 || !strcmp(t->name, "plain")) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "steps end with a separator that is no token of its own, and the template %s would blend it "
                           "with what stands around it: give --template plain, which is how TRL's PRMTrainer joins "
                           "them, or a separator that is one token of the tokenizer: --step-separator '<extra_0>'",
                           t->name);
}

const char *assay_template_separator(const assay_template *t) { return t->separator; }

/* ---- steps of an answer ---- */

typedef struct step {
    const char *text;
    size_t size;
} step;

typedef struct step_list {
    step *items;
    size_t count, capacity;
} step_list;

static assay_status add_step(step_list *list, const char *text, size_t size, assay_error *err)
{
    ASSAY_TRY(assay_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, err));
    list->items[list->count++] = (step){text, size};
    return ASSAY_OK;
}

static const char *find_text(const char *text, size_t size, const char *wanted)
{
    size_t length = strlen(wanted);
    for (size_t at = 0; at + length <= size; at++)
        if (!memcmp(text + at, wanted, length)) return text + at;
    return NULL;
}

/* What stands between separators, and behind the last one; nothing is no step. */
static assay_status cut_steps(step_list *list, const char *separator, const char *text, size_t size, assay_error *err)
{
    while (size) {
        const char *end = find_text(text, size, separator);
        size_t length = end ? (size_t)(end - text) : size, taken = length + (end ? strlen(separator) : 0);
        if (length) ASSAY_TRY(add_step(list, text, length, err));
        text += taken;
        size -= taken;
    }
    return ASSAY_OK;
}

/* The answer begins at message *first: the last ones that are steps, or the last one, to be cut. */
static assay_status find_steps(const assay_template *t, const assay_conversation *conversation, size_t *first,
                               step_list *list, assay_error *err)
{
    const assay_message *messages = conversation->messages;
    size_t count = conversation->count;
    *first = count;
    while (*first && messages[*first - 1].step) --*first;
    for (size_t i = *first; i < count; i++) ASSAY_TRY(add_step(list, messages[i].text, messages[i].size, err));
    if (!list->count && count && messages[count - 1].role == ASSAY_ROLE_ASSISTANT) {
        *first = count - 1;
        ASSAY_TRY(cut_steps(list, t->separator, messages[*first].text, messages[*first].size, err));
    }
    return list->count ? ASSAY_OK
                       : assay_error_set(err, ASSAY_E_FORMAT,
                                         "there is no step to read: the model scores the steps of an answer, and the "
                                         "text ends without one");
}

/* ---- pieces ---- */

static assay_status add_piece(const assay_template *t, const char *text, size_t size, assay_ids *ids, assay_error *err)
{
    return assay_tokenizer_encode(t->tokenizer, text, size, ASSAY_ENCODE_SPECIAL_TEXT, ids, err);
}

static assay_status add_ended_piece(const assay_template *t, const step *piece, size_t before, assay_ids *ids,
                                    assay_ids *ends, assay_error *err)
{
    ASSAY_TRY(add_piece(t, piece->text, piece->size, ids, err));
    size_t separator = ids->count;
    ASSAY_TRY(add_piece(t, t->separator, strlen(t->separator), ids, err));
    if (ids->count == separator)
        return assay_error_set(err, ASSAY_E_USAGE, "--step-separator: the tokenizer makes no token of the separator");
    return assay_ids_push(ends, (int32_t)(ids->count - before - 1), err);
}

static assay_status add_bos(const assay_template *t, assay_ids *ids, assay_error *err)
{
    int32_t bos = assay_tokenizer_about(t->tokenizer)->bos;
    return bos >= 0 ? assay_ids_push(ids, bos, err) : ASSAY_OK;
}

static assay_status render_pieces(const assay_template *t, const assay_conversation *prompt, const step_list *list,
                                  assay_ids *ids, assay_ids *ends, assay_error *err)
{
    size_t before = ids->count;
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = add_bos(t, ids, err);
    if (status == ASSAY_OK && prompt->count) status = assay_template_text(t, prompt, false, &text, err);
    if (status == ASSAY_OK && text.size) status = add_piece(t, text.data, text.size, ids, err);
    for (size_t i = 0; i < list->count && status == ASSAY_OK; i++)
        status = add_ended_piece(t, &list->items[i], before, ids, ends, err);
    assay_buf_release(&text);
    return status;
}

/* ---- a token in the rendered text ---- */

static assay_status find_ends(const assay_template *t, const assay_ids *ids, size_t before, assay_ids *ends,
                              assay_error *err)
{
    for (size_t i = before; i < ids->count; i++)
        if (ids->data[i] == t->step_token) ASSAY_TRY(assay_ids_push(ends, (int32_t)(i - before), err));
    return ASSAY_OK;
}

static assay_status render_joined(const assay_template *t, const assay_conversation *prompt, const step_list *list,
                                  assay_ids *ids, assay_ids *ends, assay_error *err)
{
    size_t before = ids->count, marks = ends->count;
    assay_buf joined;
    assay_buf_init(&joined, SIZE_MAX / 2);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < list->count && status == ASSAY_OK; i++) {
        status = assay_buf_append(&joined, list->items[i].text, list->items[i].size, err);
        if (status == ASSAY_OK) status = assay_buf_text(&joined, t->separator, err);
    }
    assay_message *messages = assay_alloc(prompt->count + 1, sizeof *messages);
    if (status == ASSAY_OK && !messages) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for an answer");
    if (status == ASSAY_OK) {
        if (prompt->count) memcpy(messages, prompt->messages, prompt->count * sizeof *messages);
        messages[prompt->count] =
            (assay_message){.role = ASSAY_ROLE_ASSISTANT, .text = joined.data, .size = joined.size};
        const assay_conversation whole = {messages, prompt->count + 1, prompt->context};
        status = assay_template_render(t, &whole, ids, err);
    }
    if (status == ASSAY_OK) status = find_ends(t, ids, before, ends, err);
    assay_free(messages);
    assay_buf_release(&joined);
    if (status != ASSAY_OK || ends->count - marks == list->count) return status;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "the rendered text holds the step separator %zu times for %zu steps: take its text out of "
                           "the prompt and the steps, or, where the template drops it, give another template",
                           ends->count - marks, list->count);
}

assay_status assay_template_render_steps(const assay_template *t, const assay_conversation *conversation,
                                         assay_ids *ids, assay_ids *ends, assay_error *err)
{
    step_list list = {0};
    size_t first;
    assay_status status = find_steps(t, conversation, &first, &list, err);
    const assay_conversation prompt = {conversation->messages, first, conversation->context};
    bool pieces = t->step_token < 0 || !strcmp(t->name, "plain");
    if (status == ASSAY_OK)
        status = pieces ? render_pieces(t, &prompt, &list, ids, ends, err)
                        : render_joined(t, &prompt, &list, ids, ends, err);
    assay_free(list.items);
    return status;
}

assay_status assay_template_encode_steps(const assay_template *t, const char *text, size_t size, assay_ids *ids,
                                         assay_ids *ends, assay_error *err)
{
    size_t before = ids->count, marks = ends->count;
    assay_status status = ASSAY_OK;
    if (t->step_token >= 0) {
        status = assay_template_encode_text(t, text, size, ids, err);
        if (status == ASSAY_OK) status = find_ends(t, ids, before, ends, err);
    } else {
        status = add_bos(t, ids, err);
        for (const char *end; status == ASSAY_OK && (end = find_text(text, size, t->separator));) {
            const step piece = {text, (size_t)(end - text)};
            status = add_ended_piece(t, &piece, before, ids, ends, err);
            size -= piece.size + strlen(t->separator);
            text = end + strlen(t->separator);
        }
        if (status == ASSAY_OK && size) status = add_piece(t, text, size, ids, err);
    }
    if (status != ASSAY_OK || ends->count > marks) return status;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "there is no step to read: the text does not hold the step separator (--step-separator), "
                           "which ends each step");
}
