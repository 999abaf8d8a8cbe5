/* ChatGLM3's roles are ids that no text yields: per message the role's id, the metadata line (a tool's name or nothing,
 * then a newline) and the content, each encoded by itself, as build_chat_input of tokenization_chatglm.py does. In
 * front [gMASK] sop. */
#include "template/template_kind.h"

#include "base/alloc.h"

#include <string.h>

static assay_status role_id(const assay_tokenizer *tokenizer, assay_role role, int32_t *id, assay_error *err)
{
    static const char *const names[] = {[ASSAY_ROLE_SYSTEM] = "<|system|>",
                                        [ASSAY_ROLE_USER] = "<|user|>",
                                        [ASSAY_ROLE_ASSISTANT] = "<|assistant|>",
                                        [ASSAY_ROLE_TOOL_CALL] = "<|assistant|>",
                                        [ASSAY_ROLE_OBSERVATION] = "<|observation|>"};
    *id = assay_tokenizer_find(tokenizer, names[role]);
    if (*id >= 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "the template chatglm3 needs ChatGLM3's tokenizer: this one has no token %s (choose another "
                           "--template)",
                           names[role]);
}

static assay_status metadata_encode(const assay_tokenizer *tokenizer, const char *name, assay_ids *ids,
                                    assay_error *err)
{
    char *line = assay_strfmt("%s\n", name);
    ASSAY_TRY_ALLOC(line, "a message", err);
    assay_status status = assay_tokenizer_encode(tokenizer, line, strlen(line), 0, ids, err);
    assay_free(line);
    return status;
}

/* A JSON string as a Python literal, anything else as JSON. */
static assay_status put_literal(assay_buf *out, const json_t *value, assay_error *err)
{
    if (!json_is_string(value)) return assay_json_append(value, JSON_ENCODE_ANY, out, err);
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (const char *at = json_string_value(value); *at; at++) {
        if (*at == '\n') ASSAY_TRY(assay_buf_text(out, "\\n", err));
        else if (*at == '\'' || *at == '\\') ASSAY_TRY(assay_buf_printf(out, err, "\\%c", *at));
        else ASSAY_TRY(assay_buf_byte(out, *at, err));
    }
    return assay_buf_byte(out, '\'', err);
}

static assay_status put_block(assay_buf *out, json_t *arguments, assay_error *err)
{
    const char *key;
    json_t *value;
    bool first = true;
    ASSAY_TRY(assay_buf_text(out, "```python\ntool_call(", err));
    json_object_foreach(arguments, key, value)
    {
        ASSAY_TRY(assay_buf_printf(out, err, "%s%s=", first ? "" : ", ", key));
        ASSAY_TRY(put_literal(out, value, err));
        first = false;
    }
    return assay_buf_text(out, ")\n```", err);
}

/* Arguments are an object, or its JSON text. NULL: neither. */
static json_t *arguments_of(const json_t *call)
{
    json_t *arguments = json_object_get(call, "arguments"), *parsed = NULL;
    if (json_is_object(arguments)) return json_incref(arguments);
    if (!json_is_string(arguments)) return NULL;
    assay_json_parse(json_string_value(arguments), json_string_length(arguments), "arguments", &parsed, NULL);
    if (json_is_object(parsed)) return parsed;
    json_decref(parsed);
    return NULL;
}

/* A call: the tool's name as metadata, then a tool_call(...) block; where arguments are no object, the text as it is.
 */
static assay_status call_encode(const assay_tokenizer *tokenizer, const json_t *call, const assay_message *message,
                                assay_ids *ids, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    json_t *arguments = arguments_of(call);
    assay_status status =
        arguments ? put_block(&text, arguments, err) : assay_buf_append(&text, message->text, message->size, err);
    if (status == ASSAY_OK)
        status = metadata_encode(tokenizer, json_string_value(json_object_get(call, "name")), ids, err);
    if (status == ASSAY_OK)
        status = assay_tokenizer_encode(tokenizer, text.data ? text.data : "", text.size, 0, ids, err);
    assay_buf_release(&text);
    json_decref(arguments);
    return status;
}

static assay_status push_role(const assay_tokenizer *tokenizer, assay_role role, assay_ids *ids, assay_error *err)
{
    int32_t id = -1;
    ASSAY_TRY(role_id(tokenizer, role, &id, err));
    return assay_ids_push(ids, id, err);
}

static assay_status content_encode(const assay_tokenizer *tokenizer, assay_role role, const char *text, size_t size,
                                   assay_ids *ids, assay_error *err)
{
    ASSAY_TRY(push_role(tokenizer, role, ids, err));
    ASSAY_TRY(metadata_encode(tokenizer, "", ids, err));
    return assay_tokenizer_encode(tokenizer, text, size, 0, ids, err);
}

/* A message's own text, where it has one, then each of its calls as a turn of its own. */
static assay_status message_encode(const assay_tokenizer *tokenizer, const assay_message *message, assay_ids *ids,
                                   assay_error *err)
{
    json_t *calls = NULL;
    ASSAY_TRY(assay_message_calls(message, &calls, err));
    bool own_text = !calls || (message->calls && message->size);
    assay_status status =
        own_text ? content_encode(tokenizer, message->role, message->text, message->size, ids, err) : ASSAY_OK;
    for (size_t i = 0; i < json_array_size(calls) && status == ASSAY_OK; i++) {
        status = push_role(tokenizer, ASSAY_ROLE_ASSISTANT, ids, err);
        if (status == ASSAY_OK) status = call_encode(tokenizer, json_array_get(calls, i), message, ids, err);
    }
    json_decref(calls);
    return status;
}

/* The system text with the tools behind it, as json.dumps(tools, indent=4, ensure_ascii=False) writes them. */
static assay_status system_encode(const assay_tokenizer *tokenizer, const assay_message *system, const json_t *tools,
                                  assay_ids *ids, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = system ? assay_buf_append(&text, system->text, system->size, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_buf_byte(&text, '\n', err);
    if (status == ASSAY_OK) status = assay_json_append(tools, JSON_ENCODE_ANY | JSON_INDENT(4), &text, err);
    if (status == ASSAY_OK) status = content_encode(tokenizer, ASSAY_ROLE_SYSTEM, text.data, text.size, ids, err);
    assay_buf_release(&text);
    return status;
}

assay_status assay_template_ids_chatglm3(const assay_tokenizer *tokenizer, const assay_conversation *conversation,
                                         const json_t *tools, assay_ids *ids, assay_error *err)
{
    bool system = conversation->count && conversation->messages[0].role == ASSAY_ROLE_SYSTEM;
    ASSAY_TRY(assay_tokenizer_encode(tokenizer, "", 0, ASSAY_ENCODE_ADD_SPECIAL, ids, err));
    if (tools) ASSAY_TRY(system_encode(tokenizer, system ? conversation->messages : NULL, tools, ids, err));
    for (size_t i = tools && system; i < conversation->count; i++)
        ASSAY_TRY(message_encode(tokenizer, conversation->messages + i, ids, err));
    return ASSAY_OK;
}
