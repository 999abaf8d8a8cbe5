#include "jinja/render_messages.h"

#include "base/json_doc.h"

#include <string.h>

static assay_status out_of_memory(const assay_rendering *rendering, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "%s%sout of memory for the messages",
                           rendering->where ? rendering->where : "", rendering->where ? ": " : "");
}

static assay_status refuse(const assay_rendering *rendering, assay_error *err, const char *what)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s%s%s", rendering->where ? rendering->where : "",
                           rendering->where ? ": " : "", what);
}

/* jansson counts references in what it is given to share; the values themselves stay as they are. */
static bool share(json_t *object, const char *key, const json_t *value)
{
    return json_object_set(object, key, assay_json_lent(value)) == 0;
}

static const json_t *present(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static const json_t *reasoning_of(const json_t *message)
{
    static const char *const names[] = {"reasoning_content", "thinking", "reasoning"};
    const json_t *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) found = present(message, names[i]);
    return found;
}

/* The order of keys is Python's {"thinking": r, **message, "reasoning_content": r}: a template may print a message
 * whole. */
static bool copy_message(const json_t *message, json_t *into)
{
    const json_t *reasoning = reasoning_of(message);
    const char *key;
    json_t *value;
    if (reasoning && !share(into, "thinking", reasoning)) return false;
    json_object_foreach(assay_json_lent(message), key, value)
    {
        if (!json_is_null(value) && !share(into, key, value)) return false;
    }
    return !reasoning || share(into, "reasoning_content", reasoning);
}

static assay_status copy_messages(const assay_rendering *rendering, json_t *into, assay_error *err)
{
    if (!json_is_array(rendering->messages) || !json_array_size(rendering->messages))
        return refuse(rendering, err, "a conversation is a list of at least one message");
    for (size_t i = 0; i < json_array_size(rendering->messages); i++) {
        const json_t *message = json_array_get(rendering->messages, i);
        json_t *copy = json_object();
        if (!json_is_object(message)) {
            json_decref(copy);
            return refuse(rendering, err, "a message is an object with a role and a content");
        }
        bool copied = copy && copy_message(message, copy);
        if (!copied) json_decref(copy);
        if (!copied || json_array_append_new(into, copy) != 0) return out_of_memory(rendering, err);
    }
    return ASSAY_OK;
}

static assay_status check_objects(const assay_rendering *rendering, const json_t *list, const char *what,
                                  assay_error *err)
{
    if (list && !json_is_array(list)) return refuse(rendering, err, what);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_object(json_array_get(list, i))) return refuse(rendering, err, what);
    return ASSAY_OK;
}

static assay_status check(const assay_rendering *rendering, assay_error *err)
{
    static const char *const taken[] = {"messages", "tools", "documents", "add_generation_prompt"};
    ASSAY_TRY(check_objects(rendering, rendering->tools, "tools are a list of JSON schemas, each an object", err));
    ASSAY_TRY(
        check_objects(rendering, rendering->documents, "documents are a list of objects with title and text", err));
    if (rendering->variables && !json_is_object(rendering->variables))
        return refuse(rendering, err, "the template's variables (chat_template_kwargs) are a JSON object");
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (json_object_get(rendering->variables, taken[i]))
            return refuse(rendering, err,
                          "the template's variables (chat_template_kwargs) may not set messages, tools, documents or "
                          "add_generation_prompt");
    return ASSAY_OK;
}

static bool share_all(json_t *into, const json_t *from)
{
    return !from || json_object_update(into, assay_json_lent(from)) == 0;
}

static bool share_or_none(json_t *into, const char *key, const json_t *value)
{
    return value ? share(into, key, value) : json_object_set_new(into, key, json_null()) == 0;
}

static assay_status fill(const assay_rendering *rendering, json_t *all, assay_error *err)
{
    bool filled = share_all(all, rendering->special_tokens) && share_all(all, rendering->variables) &&
                  json_object_set_new(all, "messages", json_array()) == 0;
    filled = filled && share_or_none(all, "tools", rendering->tools) &&
             share_or_none(all, "documents", rendering->documents) &&
             json_object_set_new(all, "add_generation_prompt", json_boolean(rendering->add_generation_prompt)) == 0;
    return filled ? copy_messages(rendering, json_object_get(all, "messages"), err) : out_of_memory(rendering, err);
}

/* What the template sees: a new object. */
static assay_status all_variables(const assay_rendering *rendering, json_t **out, assay_error *err)
{
    *out = NULL;
    ASSAY_TRY(check(rendering, err));
    json_t *all = json_object();
    if (!all) return out_of_memory(rendering, err);
    assay_status status = fill(rendering, all, err);
    if (status == ASSAY_OK) *out = all;
    else json_decref(all);
    return status;
}

assay_status assay_render_messages(const assay_jinja *jinja, const assay_rendering *rendering, assay_buf *out,
                                   assay_error *err)
{
    json_t *all;
    ASSAY_TRY(all_variables(rendering, &all, err));
    assay_status status = assay_jinja_render(jinja, all, &rendering->options, out, err);
    json_decref(all);
    if (status == ASSAY_OK || !rendering->where) return status;
    return assay_error_prefix(err, status, "%s: ", rendering->where);
}
