#include "serve/dialect.h"

#include <string.h>

const json_t *assay_ask_field(const assay_ask *ask, const char *name)
{
    const json_t *value = json_object_get(ask->body, name);
    return json_is_null(value) ? NULL : value;
}

assay_status assay_ask_flag(const assay_ask *ask, const char *name, bool *out, assay_error *err)
{
    return assay_json_bool(ask->body, name, false, out, "the request", err);
}

/* The list is as large as the next power of two; all of it is charged when it grows. */
static assay_status charge_items(const assay_ask *ask, assay_error *err)
{
    size_t more = ask->count < ask->capacity ? 0 : ask->capacity < 8 ? 8 : ask->capacity;
    return assay_meter_take(ask->arena.meter, more * sizeof *ask->items, err);
}

assay_status assay_ask_add(assay_ask *ask, assay_ask_item **item, assay_error *err)
{
    if (ask->count >= ASSAY_ASK_TEXTS)
        return assay_error_set(err, ASSAY_E_FORMAT, "more than %d texts in one request; send several", ASSAY_ASK_TEXTS);
    ASSAY_TRY(charge_items(ask, err));
    ASSAY_TRY(assay_grow(&ask->items, &ask->capacity, ask->count + 1, sizeof *ask->items, err));
    *item = &ask->items[ask->count++];
    **item = (assay_ask_item){.turns.joint = ask->dialect->joint};
    return ASSAY_OK;
}

assay_status assay_ask_text(assay_ask *ask, const json_t *text, const char *field, assay_error *err)
{
    assay_ask_item *item = NULL;
    ASSAY_TRY(assay_ask_add(ask, &item, err));
    item->is_text = true;
    return assay_turns_text(&item->turns, &ask->arena, ASSAY_ROLE_USER, text, field, err);
}

assay_status assay_ask_texts(assay_ask *ask, const json_t *value, const char *field, assay_error *err)
{
    ask->is_list = json_is_array(value);
    if (!ask->is_list) return assay_ask_text(ask, value, field, err);
    for (size_t i = 0; i < json_array_size(value); i++)
        ASSAY_TRY(assay_ask_text(ask, json_array_get(value, i), field, err));
    return ASSAY_OK;
}

static assay_status add_ids(assay_ask *ask, const json_t *list, const char *field, assay_error *err)
{
    assay_ask_item *item = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_integer(id))
            return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\": token %zu should be a whole number and is %s", field,
                                   i, assay_json_kind(id));
    }
    ASSAY_TRY(assay_ask_add(ask, &item, err));
    item->ids = list;
    return ASSAY_OK;
}

assay_status assay_ask_inputs(assay_ask *ask, const json_t *value, const char *field, assay_error *err)
{
    if (!json_is_array(value)) return assay_ask_text(ask, value, field, err);
    if (json_is_integer(json_array_get(value, 0))) return add_ids(ask, value, field, err);
    ask->is_list = true;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);
        ASSAY_TRY(json_is_array(one) ? add_ids(ask, one, field, err) : assay_ask_text(ask, one, field, err));
    }
    return ASSAY_OK;
}

assay_status assay_ask_messages(assay_ask *ask, const json_t *list, const char *field, assay_error *err)
{
    assay_ask_item *item = NULL;
    ASSAY_TRY(assay_ask_add(ask, &item, err));
    ASSAY_TRY(assay_turns_list(&item->turns, &ask->arena, list, field, err));
    if (!item->turns.count)
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" is empty: there is nothing to score", field);
    return ASSAY_OK;
}

/* {"text": ...} and {"content": ...} without a role are what they hold. */
static assay_status add_words(assay_ask *ask, assay_turns *turns, assay_role role, const json_t *value,
                              const char *field, assay_error *err)
{
    bool message = json_object_get(value, "role") || json_object_get(value, "from");
    const json_t *text = message ? NULL : json_object_get(value, "text"),
                 *content = message ? NULL : json_object_get(value, "content");
    if (text) return assay_turns_text(turns, &ask->arena, role, text, field, err);
    if (json_is_array(content)) return assay_turns_parts(turns, &ask->arena, role, content, field, err);
    if (content) return assay_turns_text(turns, &ask->arena, role, content, field, err);
    return assay_turns_any(turns, &ask->arena, role, value, field, err);
}

assay_status assay_ask_prompt(assay_ask *ask, const assay_turns **prompt, const json_t *value, const char *field,
                              assay_error *err)
{
    assay_turns *turns = assay_text_arena_alloc(&ask->arena, 1, sizeof *turns);
    ASSAY_TRY_ALLOC(turns, "a prompt", err);
    turns->joint = ask->dialect->joint;
    *prompt = turns;
    return add_words(ask, turns, ASSAY_ROLE_USER, value, field, err);
}

assay_status assay_ask_answer(assay_ask *ask, const assay_turns *prompt, const json_t *answer, const char *field,
                              assay_error *err)
{
    assay_ask_item *item = NULL;
    ASSAY_TRY(assay_ask_add(ask, &item, err));
    item->prompt = prompt;
    return add_words(ask, &item->turns, ASSAY_ROLE_ASSISTANT, answer, field, err);
}

const json_t *assay_ask_list(const json_t *value)
{
    const json_t *content = json_object_get(value, "role") ? NULL : json_object_get(value, "content");
    return json_is_array(content) ? content : value;
}
