#include "data/turn_write.h"

static json_t *message_json(const assay_message *message)
{
    if (message->whole) return assay_json_value(message->whole);
    bool call = message->role == ASSAY_ROLE_TOOL_CALL, result = message->role == ASSAY_ROLE_OBSERVATION;
    const char *role = call ? "function_call" : result ? "observation" : assay_role_name(message->role);
    json_t *object = json_object();
    int failed = json_object_set_new(object, call || result ? "from" : "role", json_string(role));
    failed |=
        json_object_set_new(object, call || result ? "value" : "content", json_stringn(message->text, message->size));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

json_t *assay_turns_json(const assay_turns *turns)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < turns->count; i++) {
        if (!json_array_append_new(list, message_json(turns->items + i))) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

int assay_context_write(json_t *line, const char *context)
{
    json_t *object = context ? assay_json_value(context) : json_object();
    int failed = object ? json_object_update(line, object) : -1;
    json_decref(object);
    return failed;
}
