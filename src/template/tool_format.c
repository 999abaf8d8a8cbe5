#include "template/tool_format.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "template/tool_texts.h"

#include <string.h>

struct assay_tool_format {
    const char *name;
    assay_status (*tools)(const json_t *tools, const char *date, assay_buf *out, assay_error *err); /* NULL: no text */
    assay_status (*calls)(const json_t *calls, assay_buf *out, assay_error *err);
    const char *result_before, *result_after;
};

/* qwen3 and qwen3.5 take Qwen's tools and calls, but results as the default does: MedicalGPT asks for the one name. */
static const assay_tool_format formats[] = {
    {"react", NULL, assay_calls_react, "Observation: ", ""},
    {"default", assay_tools_default, assay_calls_default, "Observation: ", ""},
    {"glm4", assay_tools_glm4, assay_calls_glm4, "<|observation|>\n", ""},
    {"llama3", assay_tools_llama3, assay_calls_llama3, "Observation: ", ""},
    {"mistral", assay_tools_mistral, assay_calls_mistral, "[TOOL_RESULTS] {\"content\": ", "}[/TOOL_RESULTS]"},
    {"qwen", assay_tools_qwen, assay_calls_qwen, "<tool_response>\n", "\n</tool_response>"},
    {"qwen3", assay_tools_qwen, assay_calls_qwen, "Observation: ", ""},
    {"qwen3.5", assay_tools_qwen, assay_calls_qwen, "Observation: ", ""},
};

assay_status assay_tool_format_find(const assay_tool_format **out, const char *name, assay_error *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        *out = &formats[i];
        if (!strcmp(name, formats[i].name)) return ASSAY_OK;
    }
    *out = NULL;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--tool-format %.60s: there is no such format; there are auto, none, react, default, glm4, "
                           "llama3, mistral, qwen, qwen3, qwen3.5",
                           name);
}

const char *assay_tool_format_name(const assay_tool_format *format) { return format->name; }

/* {"name", "arguments"} of a call, which may stand inside {"type", "function"}. NULL: it is no call. */
static const json_t *call_of(const json_t *value)
{
    const json_t *inner = json_object_get(value, "function");
    if (json_is_object(inner)) value = inner;
    return json_is_string(json_object_get(value, "name")) ? value : NULL;
}

static json_t *calls_of(const json_t *value)
{
    json_t *list = json_array();
    const json_t *one = call_of(value);
    if (one) json_array_append(list, assay_json_lent(one));
    for (size_t i = 0; !one && i < json_array_size(value); i++) {
        const json_t *call = call_of(json_array_get(value, i));
        if (!call || json_array_append(list, assay_json_lent(call))) {
            json_decref(list);
            return NULL;
        }
    }
    if (json_array_size(list)) return list;
    json_decref(list);
    return NULL;
}

assay_status assay_message_calls(const assay_message *message, json_t **out, assay_error *err)
{
    json_t *value = NULL;
    *out = NULL;
    if (message->calls) {
        value = assay_json_value(message->whole);
        ASSAY_TRY_ALLOC(value, "a tool call", err);
        *out = calls_of(json_object_get(value, "tool_calls"));
        json_decref(value);
        return *out ? ASSAY_OK
                    : assay_error_set(err, ASSAY_E_FORMAT, "\"tool_calls\" should be a list of calls with names");
    }
    if (message->role != ASSAY_ROLE_TOOL_CALL) return ASSAY_OK;
    if (assay_json_parse(message->text, message->size, "a tool call", &value, NULL) == ASSAY_OK) *out = calls_of(value);
    json_decref(value);
    return ASSAY_OK;
}

/* The text of one message, appended; role becomes what the text stands under. */
static assay_status flatten(const assay_tool_format *format, const assay_message *message, assay_role *role,
                            assay_buf *out, assay_error *err)
{
    json_t *calls = NULL;
    bool result = message->role == ASSAY_ROLE_OBSERVATION;
    ASSAY_TRY(assay_message_calls(message, &calls, err));
    *role = message->role == ASSAY_ROLE_TOOL_CALL ? ASSAY_ROLE_ASSISTANT : result ? ASSAY_ROLE_USER : message->role;
    assay_status status = result ? assay_buf_text(out, format->result_before, err) : ASSAY_OK;
    bool own_text = !calls || message->calls;
    if (status == ASSAY_OK && own_text) status = assay_buf_append(out, message->text, message->size, err);
    if (status == ASSAY_OK && calls && own_text && message->size) status = assay_buf_byte(out, '\n', err);
    if (status == ASSAY_OK && calls) status = format->calls(calls, out, err);
    json_decref(calls);
    return status == ASSAY_OK && result ? assay_buf_text(out, format->result_after, err) : status;
}

static assay_status put_tools(const assay_tool_format *format, const json_t *tools, const char *date, bool behind,
                              assay_buf *out, assay_error *err)
{
    if (!format->tools)
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "the conversation has tools, and this template has no place for them: give --tool-format "
            "default to write them into the system text as MedicalGPT does, or --tool-format none to "
            "leave them out");
    if (behind) ASSAY_TRY(assay_buf_text(out, "\n\n", err));
    return format->tools(tools, date, out, err);
}

/* Texts are appended first and pointed at last, because the buffer moves while it grows. */
static assay_status write_messages(const assay_tool_format *format, const assay_conversation *conversation,
                                   const json_t *tools, const char *date, assay_flat_conversation *out, size_t *sizes,
                                   assay_error *err)
{
    size_t made = 0;
    bool own_system = conversation->count && conversation->messages[0].role == ASSAY_ROLE_SYSTEM;
    if (tools && !own_system) {
        ASSAY_TRY(put_tools(format, tools, date, false, &out->texts, err));
        out->messages[made] = (assay_message){.role = ASSAY_ROLE_SYSTEM};
        sizes[made++] = out->texts.size;
    }
    for (size_t i = 0; i < conversation->count; i++, made++) {
        assay_role role = ASSAY_ROLE_USER;
        const assay_message *message = conversation->messages + i;
        ASSAY_TRY(flatten(format, message, &role, &out->texts, err));
        if (i == 0 && own_system && tools)
            ASSAY_TRY(put_tools(format, tools, date, message->size > 0, &out->texts, err));
        out->messages[made] = (assay_message){.role = role};
        sizes[made] = out->texts.size;
    }
    for (size_t i = 0, at = 0; i < made; at = sizes[i++]) {
        out->messages[i].text = out->texts.data ? out->texts.data + at : "";
        out->messages[i].size = sizes[i] - at;
    }
    out->conversation = (assay_conversation){.messages = out->messages, .count = made};
    return ASSAY_OK;
}

assay_status assay_tool_format_apply(const assay_tool_format *format, const assay_conversation *conversation,
                                     const json_t *tools, const char *date, assay_flat_conversation *out,
                                     assay_error *err)
{
    *out = (assay_flat_conversation){0};
    assay_buf_init(&out->texts, SIZE_MAX / 4);
    out->messages = assay_alloc(conversation->count + 1, sizeof *out->messages);
    size_t *sizes = assay_alloc(conversation->count + 1, sizeof *sizes);
    assay_status status = out->messages && sizes
                              ? write_messages(format, conversation, tools, date, out, sizes, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a conversation");
    assay_free(sizes);
    return status;
}

void assay_flat_conversation_release(assay_flat_conversation *flat)
{
    assay_free(flat->messages);
    assay_buf_release(&flat->texts);
    *flat = (assay_flat_conversation){0};
}
