/* Tool calls and observations as text. */
#include "template/template_kind.h"

#include <stdlib.h>
#include <string.h>

static assay_status json_append(assay_buf *out, const json_t *value, assay_error *err)
{
    if (json_is_string(value)) return assay_buf_append(out, json_string_value(value), json_string_length(value), err);
    char *text = assay_json_dump(value, JSON_ENCODE_ANY); /* ", " and ": ", as Python writes it */
    ASSAY_TRY_ALLOC(text, "a tool call", err);
    assay_status status = assay_buf_text(out, text, err);
    assay_free(text);
    return status;
}

static bool is_call(const json_t *value) { return json_is_string(json_object_get(value, "name")); }

static assay_status action_append(assay_buf *out, const json_t *call, assay_error *err)
{
    const json_t *arguments = json_object_get(call, "arguments");
    ASSAY_TRY(assay_buf_printf(out, err, "%sAction: %s\nAction Input: ", out->size ? "\n" : "",
                               json_string_value(json_object_get(call, "name"))));
    return arguments ? json_append(out, arguments, err) : ASSAY_OK;
}

static assay_status calls_append(assay_buf *out, const json_t *value, assay_error *err)
{
    if (is_call(value)) return action_append(out, value, err);
    for (size_t i = 0; i < json_array_size(value); i++) ASSAY_TRY(action_append(out, json_array_get(value, i), err));
    return ASSAY_OK;
}

/* The call or list of calls in a message, NULL when its text is something else. */
static json_t *calls_parse(const assay_message *message)
{
    json_t *value = NULL;
    if (assay_json_parse(message->text, message->size, "a tool call", &value, NULL) != ASSAY_OK) return NULL;
    bool good = is_call(value) || json_array_size(value) > 0;
    for (size_t i = 0; i < json_array_size(value); i++) good = good && is_call(json_array_get(value, i));
    if (good) return value;
    json_decref(value);
    return NULL;
}

assay_status assay_message_plain(const assay_message *message, assay_role *role, assay_buf *text, assay_error *err)
{
    assay_buf_reset(text);
    *role = message->role;
    if (message->role == ASSAY_ROLE_OBSERVATION) {
        *role = ASSAY_ROLE_USER;
        ASSAY_TRY(assay_buf_text(text, "Observation: ", err));
    }
    if (message->role == ASSAY_ROLE_TOOL_CALL) {
        *role = ASSAY_ROLE_ASSISTANT;
        json_t *calls = calls_parse(message);
        if (calls) {
            assay_status status = calls_append(text, calls, err);
            json_decref(calls);
            return status;
        }
    }
    return assay_buf_append(text, message->text, message->size, err);
}

/* A JSON string as a Python literal, anything else as JSON. */
static assay_status literal_append(assay_buf *out, const json_t *value, assay_error *err)
{
    if (!json_is_string(value)) return json_append(out, value, err);
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (const char *at = json_string_value(value); *at; at++) {
        if (*at == '\n') ASSAY_TRY(assay_buf_text(out, "\\n", err));
        else if (*at == '\'' || *at == '\\') ASSAY_TRY(assay_buf_printf(out, err, "\\%c", *at));
        else ASSAY_TRY(assay_buf_byte(out, *at, err));
    }
    return assay_buf_byte(out, '\'', err);
}

static assay_status block_append(assay_buf *out, json_t *arguments, assay_error *err)
{
    const char *key;
    json_t *value;
    bool first = true;
    ASSAY_TRY(assay_buf_text(out, "```python\ntool_call(", err));
    json_object_foreach(arguments, key, value)
    {
        ASSAY_TRY(assay_buf_printf(out, err, "%s%s=", first ? "" : ", ", key));
        ASSAY_TRY(literal_append(out, value, err));
        first = false;
    }
    return assay_buf_text(out, ")\n```", err);
}

assay_status assay_message_tool_block(const assay_message *message, char **name, assay_buf *text, assay_error *err)
{
    assay_buf_reset(text);
    json_t *calls = calls_parse(message);
    const json_t *call = json_is_array(calls) ? json_array_get(calls, 0) : calls;
    *name = assay_strdup(call ? json_string_value(json_object_get(call, "name")) : "");
    assay_status status = *name ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tool call");
    json_t *arguments = json_object_get(call, "arguments"), *parsed = NULL;
    if (json_is_string(arguments)) {
        assay_json_parse(json_string_value(arguments), json_string_length(arguments), "arguments", &parsed, NULL);
        if (json_is_object(parsed)) arguments = parsed;
    }
    if (status == ASSAY_OK)
        status = json_is_object(arguments) ? block_append(text, arguments, err)
                                           : assay_buf_append(text, message->text, message->size, err);
    json_decref(parsed);
    json_decref(calls);
    return status;
}
