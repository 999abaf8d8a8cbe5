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

assay_status assay_ask_add(assay_ask *ask, assay_ask_item **item, assay_error *err)
{
    if (ask->count >= ASSAY_ASK_TEXTS)
        return assay_error_set(err, ASSAY_E_FORMAT, "more than %d texts in one request; send several", ASSAY_ASK_TEXTS);
    ASSAY_TRY(assay_grow((void **)&ask->items, &ask->capacity, ask->count + 1, sizeof *ask->items, err));
    *item = &ask->items[ask->count++];
    **item = (assay_ask_item){0};
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

assay_status assay_ask_answer(assay_ask *ask, const json_t *prompt, const json_t *answer, const char *field,
                              assay_error *err)
{
    assay_ask_item *item = NULL;
    ASSAY_TRY(assay_ask_add(ask, &item, err));
    ASSAY_TRY(assay_turns_any(&item->turns, &ask->arena, ASSAY_ROLE_USER, prompt, "query", err));
    return assay_turns_any(&item->turns, &ask->arena, ASSAY_ROLE_ASSISTANT, answer, field, err);
}
