/* An opened template at work: what is rendered, and how ids are made of it. */
#include "template/chat_template.h"

#include "base/alloc.h"
#include "template/template_kind.h"

#include <string.h>

static const char *const eos_words[] = {[ASSAY_EOS_AUTO] = "auto", [ASSAY_EOS_YES] = "true", [ASSAY_EOS_NO] = "false"};

const char *assay_append_eos_word(assay_append_eos append_eos) { return eos_words[append_eos]; }

bool assay_append_eos_read(const char *word, assay_append_eos *out)
{
    for (size_t i = 0; i < sizeof eos_words / sizeof *eos_words; i++) {
        if (strcmp(word, eos_words[i]) != 0) continue;
        *out = (assay_append_eos)i;
        return true;
    }
    return false;
}

const char *assay_template_name(const assay_template *chosen) { return chosen->name; }

bool assay_template_hides_built_in(const assay_template *chosen) { return chosen->hides_built_in; }

bool assay_template_is_code(const assay_template *chosen) { return !chosen->jinja; }

const char *assay_template_origin(const assay_template *chosen) { return chosen->origin; }

const char *assay_template_source(const assay_template *chosen)
{
    return chosen->special_first || chosen->cut_behind_turn ? NULL : chosen->source;
}

const char *assay_template_tool_source(const assay_template *chosen)
{
    return chosen->with_tools ? assay_jinja_source(chosen->with_tools, NULL) : NULL;
}

assay_status assay_template_export(const assay_template *chosen, bool of_tools, assay_buf *out, assay_error *err)
{
    const char *source = of_tools ? assay_template_tool_source(chosen) : assay_template_source(chosen), *key;
    json_t *value;
    if (!source)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "no Jinja text gives the ids of the template %s",
                               chosen->name);
    json_object_foreach(chosen->kwargs, key, value)
    {
        ASSAY_TRY(assay_buf_printf(out, err, "{%%- set %s = ", key));
        if (json_is_null(value)) ASSAY_TRY(assay_buf_text(out, "none", err));
        else ASSAY_TRY(assay_json_append(value, JSON_ENCODE_ANY, out, err));
        ASSAY_TRY(assay_buf_text(out, " -%}\n", err));
    }
    return assay_buf_text(out, source, err);
}

const json_t *assay_template_kwargs(const assay_template *chosen) { return chosen->kwargs; }

const char *assay_template_date(const assay_template *chosen) { return chosen->date; }

const char *assay_template_tool_format(const assay_template *chosen)
{
    return chosen->drops_tools ? "none" : chosen->tool_format ? assay_tool_format_name(chosen->tool_format) : NULL;
}

const assay_tokenizer *assay_template_tokenizer(const assay_template *chosen) { return chosen->tokenizer; }

void assay_template_close(assay_template *chosen)
{
    if (!chosen) return;
    assay_jinja_free(chosen->jinja);
    assay_jinja_free(chosen->with_tools);
    json_decref(chosen->kwargs);
    assay_free(chosen->name);
    assay_free(chosen->origin);
    assay_free(chosen->source);
    assay_free(chosen->date);
    assay_free(chosen->separator);
    assay_free(chosen);
}

static void release_prepared(assay_prepared *prepared)
{
    json_decref(prepared->context);
    assay_flat_conversation_release(&prepared->flat);
    *prepared = (assay_prepared){0};
}

static bool has_calls(const assay_conversation *conversation)
{
    for (size_t i = 0; i < conversation->count; i++)
        if (conversation->messages[i].calls) return true;
    return false;
}

/* Turns that only ShareGPT's roles tell apart, or the calls of Transformers' messages. */
static bool has_tool_turns(const assay_conversation *conversation)
{
    for (size_t i = 0; i < conversation->count; i++) {
        const assay_message *message = conversation->messages + i;
        bool result = message->role == ASSAY_ROLE_OBSERVATION && !message->whole;
        if (result || message->calls || message->role == ASSAY_ROLE_TOOL_CALL) return true;
    }
    return false;
}

static assay_status refuse(const char *what, const char *field, assay_error *err)
{
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "the conversation has %s, and the chat template never reads \"%s\": give --tool-format default "
        "to write them as text, %sor a template that reads them with --chat-template",
        what, field, *field == 't' && field[4] == 's' ? "--tool-format none to leave them out, " : "");
}

/* The format by which tools and calls become text; *out NULL: the template has a place for what there is. */
static assay_status choose_format(const assay_template *t, const assay_conversation *conversation, const json_t *tools,
                                  const assay_tool_format **out, assay_error *err)
{
    bool turns = has_tool_turns(conversation), own = !t->kind.name;
    *out = NULL;
    if (t->kind.ids || (!turns && !tools)) return ASSAY_OK;
    if (t->tool_format) *out = t->tool_format;
    if (*out) return ASSAY_OK;
    if (!own) return assay_tool_format_find(out, "react", err);
    if (tools && !t->reads_tools) return refuse("tools", "tools", err);
    if (!turns || t->reads_calls) return ASSAY_OK;
    return has_calls(conversation) ? refuse("tool calls", "tool_calls", err)
                                   : assay_tool_format_find(out, "react", err);
}

static assay_status prepare(const assay_template *t, const assay_conversation *conversation, assay_prepared *out,
                            assay_error *err)
{
    const assay_tool_format *format;
    *out = (assay_prepared){.conversation = *conversation};
    if (!conversation->count) return assay_error_set(err, ASSAY_E_FORMAT, "a conversation without messages");
    if (conversation->context) {
        out->context = assay_json_value(conversation->context);
        ASSAY_TRY_ALLOC(out->context, "a conversation's tools", err);
    }
    if (!t->drops_tools) out->tools = json_object_get(out->context, "tools");
    ASSAY_TRY(choose_format(t, conversation, out->tools, &format, err));
    if (!format) return ASSAY_OK;
    ASSAY_TRY(assay_tool_format_apply(format, conversation, out->tools, t->date, &out->flat, err));
    out->conversation = out->flat.conversation;
    out->tools = NULL;
    return ASSAY_OK;
}

static assay_status eos_push(const assay_tokenizer *tokenizer, assay_ids *ids, assay_error *err)
{
    int32_t eos = assay_tokenizer_about(tokenizer)->eos;
    if (eos < 0 || (ids->count && ids->data[ids->count - 1] == eos)) return ASSAY_OK;
    return assay_ids_push(ids, eos, err);
}

static assay_status end_push(const assay_template *t, assay_ids *ids, assay_error *err)
{
    if (t->end < 0 || (ids->count && ids->data[ids->count - 1] == t->end)) return ASSAY_OK;
    return assay_ids_push(ids, t->end, err);
}

/* A text of nothing but pads keeps one of them. */
static void drop_pads(const assay_template *t, size_t before, assay_ids *ids)
{
    while (t->skips_pad && ids->count > before + 1 && ids->data[ids->count - 1] == t->pad) ids->count--;
    for (size_t i = before; t->stops_at_pad && i < ids->count && ids->data[before] != t->pad; i++)
        if (ids->data[i] == t->pad) ids->count = i;
}

static assay_status prepared_text(const assay_template *t, const assay_prepared *prepared, bool add_generation_prompt,
                                  assay_buf *out, assay_error *err)
{
    if (t->jinja) return assay_template_jinja_text(t, prepared, add_generation_prompt, out, err);
    if (add_generation_prompt)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "the template %s writes no generation prompt: leave --add-generation-prompt out",
                               t->name);
    if (t->kind.text) return t->kind.text(&prepared->conversation, out, err);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "the template %s has no text: its roles are ids that no text gives; assay tokenize without "
                           "--text shows them",
                           t->name);
}

static assay_status encode_rendered(const assay_template *t, const assay_prepared *prepared, assay_ids *ids,
                                    assay_error *err)
{
    bool special = t->special_first || !t->jinja;
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = prepared_text(t, prepared, t->generation_prompt, &text, err);
    if (status == ASSAY_OK)
        status = assay_tokenizer_encode(t->tokenizer, text.data ? text.data : "", text.size,
                                        ASSAY_ENCODE_SPECIAL_TEXT | (special ? ASSAY_ENCODE_ADD_SPECIAL : 0), ids, err);
    assay_buf_release(&text);
    return status;
}

static assay_status render_whole(const assay_template *t, const assay_conversation *conversation, assay_ids *ids,
                                 assay_error *err)
{
    assay_prepared prepared;
    size_t first = ids->count;
    assay_status status = prepare(t, conversation, &prepared, err);
    if (status == ASSAY_OK)
        status = t->kind.ids ? t->kind.ids(t->tokenizer, &prepared.conversation, prepared.tools, ids, err)
                             : encode_rendered(t, &prepared, ids, err);
    release_prepared(&prepared);
    bool adds = t->jinja ? t->cut_behind_turn && t->append_eos == ASSAY_EOS_YES : t->append_eos != ASSAY_EOS_NO;
    if (status == ASSAY_OK && adds) status = eos_push(t->tokenizer, ids, err);
    if (status == ASSAY_OK) status = end_push(t, ids, err);
    return status == ASSAY_OK ? assay_tokenizer_check(t->tokenizer, ids, first, err) : status;
}

assay_status assay_template_render(const assay_template *t, const assay_conversation *conversation, assay_ids *ids,
                                   assay_error *err)
{
    size_t before = ids->count;
    ASSAY_TRY(render_whole(t, conversation, ids, err));
    drop_pads(t, before, ids);
    return ASSAY_OK;
}

const char *assay_template_forged(const assay_template *t, const assay_message *messages, size_t count)
{
    const char *found = NULL;
    for (size_t i = 0; i < count && !found; i++) {
        const assay_message *m = messages + i;
        if (m->size) found = assay_tokenizer_control_in(t->tokenizer, m->text, m->size);
        if (!found && m->whole) found = assay_tokenizer_control_in(t->tokenizer, m->whole, strlen(m->whole));
    }
    return found;
}

bool assay_template_whole_ids(const assay_template *t, const assay_conversation *conversation, assay_ids *ids)
{
    return render_whole(t, conversation, ids, NULL) == ASSAY_OK;
}

assay_status assay_template_text(const assay_template *t, const assay_conversation *conversation,
                                 bool add_generation_prompt, assay_buf *out, assay_error *err)
{
    assay_prepared prepared;
    assay_status status = prepare(t, conversation, &prepared, err);
    if (status == ASSAY_OK) status = prepared_text(t, &prepared, add_generation_prompt, out, err);
    release_prepared(&prepared);
    return status;
}

assay_status assay_tokenizer_encode_text(const assay_tokenizer *tokenizer, assay_append_eos append_eos,
                                         const char *text, size_t size, assay_ids *ids, assay_error *err)
{
    ASSAY_TRY(
        assay_tokenizer_encode(tokenizer, text, size, ASSAY_ENCODE_ADD_SPECIAL | ASSAY_ENCODE_SPECIAL_TEXT, ids, err));
    return append_eos == ASSAY_EOS_YES ? eos_push(tokenizer, ids, err) : ASSAY_OK;
}

assay_status assay_template_encode_text(const assay_template *t, const char *text, size_t size, assay_ids *ids,
                                        assay_error *err)
{
    size_t before = ids->count;
    assay_status status = assay_tokenizer_encode_text(t->tokenizer, t->append_eos, text, size, ids, err);
    if (status == ASSAY_OK) status = end_push(t, ids, err);
    drop_pads(t, before, ids);
    return status;
}
