/* A conversation as a template sees it: messages with all their fields, tools, the tokenizer's special tokens. What has
 * no place in the template becomes text first (template/tool_format.h), or is refused. */
#include "template/template_kind.h"

#include "base/alloc.h"
#include "jinja/render_messages.h"

#include <string.h>

static const char *const role_names[] = {[ASSAY_ROLE_SYSTEM] = "system",
                                         [ASSAY_ROLE_USER] = "user",
                                         [ASSAY_ROLE_ASSISTANT] = "assistant",
                                         [ASSAY_ROLE_TOOL_CALL] = "assistant",
                                         [ASSAY_ROLE_OBSERVATION] = "tool"};

/* ShareGPT's function_call as Transformers' messages say it. */
static json_t *calls_message(const json_t *calls)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < json_array_size(calls); i++) {
        json_t *call = json_pack("{s:s, s:O}", "type", "function", "function", json_array_get(calls, i));
        if (json_array_append_new(list, call)) {
            json_decref(list);
            return NULL;
        }
    }
    return list ? json_pack("{s:s, s:s, s:o}", "role", "assistant", "content", "", "tool_calls", list) : NULL;
}

static assay_status message_json(const assay_message *message, json_t **out, assay_error *err)
{
    json_t *calls = NULL;
    if (!message->whole) ASSAY_TRY(assay_message_calls(message, &calls, err));
    if (message->whole) *out = assay_json_value(message->whole);
    else if (calls) *out = calls_message(calls);
    else
        *out = json_pack("{s:s, s:s%}", "role", role_names[message->role], "content",
                         message->text ? message->text : "", message->size);
    json_decref(calls);
    return *out ? ASSAY_OK : assay_error_set(err, ASSAY_E_FORMAT, "a message is not UTF-8, or memory ran out");
}

static assay_status messages_json(const assay_conversation *conversation, json_t **out, assay_error *err)
{
    *out = json_array();
    ASSAY_TRY_ALLOC(*out, "a conversation", err);
    for (size_t i = 0; i < conversation->count; i++) {
        json_t *message = NULL;
        ASSAY_TRY(message_json(conversation->messages + i, &message, err));
        if (json_array_append_new(*out, message))
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a conversation");
    }
    return ASSAY_OK;
}

static void add_token(json_t *tokens, const char *key, const assay_tokenizer *tokenizer, int32_t id)
{
    const char *text = assay_tokenizer_token(tokenizer, id);
    if (text) json_object_set_new(tokens, key, json_string(text));
}

static json_t *special_tokens(const assay_tokenizer *tokenizer)
{
    const assay_tokenizer_info *info = assay_tokenizer_about(tokenizer);
    json_t *tokens = json_object();
    add_token(tokens, "bos_token", tokenizer, info->bos);
    add_token(tokens, "eos_token", tokenizer, info->eos);
    add_token(tokens, "pad_token", tokenizer, info->pad);
    add_token(tokens, "unk_token", tokenizer, info->unk);
    return tokens;
}

/* The command line's variables, and over them the record's own. *out may be NULL: there are none. */
static assay_status variables_of(const assay_template *t, const json_t *context, json_t **out, assay_error *err)
{
    json_t *own = json_object_get(context, "chat_template_kwargs");
    *out = NULL;
    if (!t->kwargs && !own) return ASSAY_OK;
    *out = t->kwargs ? json_copy(t->kwargs) : json_object();
    bool good = *out && (!own || !json_object_update(*out, own));
    return good ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a template's variables");
}

static assay_status render(const assay_template *t, const assay_prepared *p, bool add_generation_prompt, assay_buf *out,
                           assay_error *err)
{
    json_t *messages = NULL, *variables = NULL, *tokens = special_tokens(t->tokenizer);
    assay_status status = messages_json(&p->conversation, &messages, err);
    if (status == ASSAY_OK) status = variables_of(t, p->context, &variables, err);
    assay_rendering rendering = {.messages = messages,
                                 .tools = p->tools,
                                 .variables = variables,
                                 .special_tokens = tokens,
                                 .add_generation_prompt = add_generation_prompt,
                                 .options = {.date = t->date}};
    const assay_jinja *jinja = p->tools && t->with_tools ? t->with_tools : t->jinja;
    if (status == ASSAY_OK) status = assay_render_messages(jinja, &rendering, out, err);
    json_decref(messages);
    json_decref(variables);
    json_decref(tokens);
    return status;
}

assay_status assay_template_jinja_text(const assay_template *t, const assay_prepared *prepared,
                                       bool add_generation_prompt, assay_buf *out, assay_error *err)
{
    size_t before = out->size;
    ASSAY_TRY(render(t, prepared, add_generation_prompt, out, err));
    static const char turn_end[] = "<|im_end|>\n";
    size_t length = sizeof turn_end - 1;
    bool cut =
        t->cut_behind_turn && out->size - before >= length && !memcmp(out->data + out->size - length, turn_end, length);
    if (cut) out->data[--out->size] = '\0';
    return ASSAY_OK;
}
