/* A request's body, from bytes to an ask: the dialect is chosen by path and fields, and reads the rest. */
#include "serve/dialect.h"

#include "base/text.h"

#include <string.h>

static bool tells(const assay_dialect *dialect, const json_t *body)
{
    for (const char *const *field = dialect->fields; *field; field++)
        if (json_object_get(body, *field)) return true;
    return false;
}

static assay_status choose(assay_ask *ask, const char *path, assay_error *err)
{
    char wanted[512] = "";
    for (size_t i = 0; assay_dialect_at(i); i++) {
        const assay_dialect *dialect = assay_dialect_at(i);
        if (!assay_dialect_has_path(dialect, path)) continue;
        if (tells(dialect, ask->body)) {
            ask->dialect = dialect;
            return ASSAY_OK;
        }
        for (const char *const *field = dialect->fields; *field; field++) {
            size_t at = strlen(wanted), length = strlen(*field);
            if (at + length + 3 >= sizeof wanted) continue;
            memcpy(wanted + at, at ? ", " : "", at ? 2 : 0);
            memcpy(wanted + at + (at ? 2 : 0), *field, length + 1);
        }
    }
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: none of its fields is there; it takes one of: %s (see /openapi.json)", path, wanted);
}

/* What is said of a request's conversations as a whole, in every dialect (data/turns.h). */
static const char *const context_names[] = {
    "tools", "chat_template_kwargs", "images", "image", "videos", "audios", "audio", NULL};

static assay_status add_context(assay_ask *ask, assay_error *err)
{
    assay_turns whole = {0};
    ASSAY_TRY(assay_turns_context(&whole, &ask->arena, ask->body, err));
    for (size_t i = 0; i < ask->count; i++)
        if (!ask->items[i].is_text && !ask->items[i].ids) ask->items[i].turns.context = whole.context;
    return ASSAY_OK;
}

/* Whether any dialect of the path reads a field. */
static bool is_read(const void *context, const char *name)
{
    const char *path = context;
    if (assay_text_listed(context_names, name)) return true;
    for (size_t i = 0; assay_dialect_at(i); i++) {
        const assay_dialect *dialect = assay_dialect_at(i);
        if (!assay_dialect_has_path(dialect, path)) continue;
        if (!dialect->reads || assay_text_listed(dialect->fields, name) || assay_text_listed(dialect->reads, name))
            return true;
    }
    return assay_text_listed(assay_ask_switch_names, name);
}

static assay_status parse(assay_ask *ask, const char *path, const char *body, size_t size, assay_error *err)
{
    assay_json_reading reading = {.meter = ask->arena.meter, .wanted = is_read, .context = path, .python = true};
    ASSAY_TRY(assay_json_parse_as(body, size, "the request", &reading, &ask->body, err));
    if (!json_is_object(ask->body))
        return assay_error_set(err, ASSAY_E_FORMAT, "the request should be a JSON object and is %s",
                               assay_json_kind(ask->body));
    ASSAY_TRY(choose(ask, path, err));
    ASSAY_TRY(assay_ask_switches(ask, err));
    ASSAY_TRY(ask->dialect->parse(ask, err));
    ASSAY_TRY(add_context(ask, err));
    if (ask->count == 0) return assay_error_set(err, ASSAY_E_FORMAT, "an empty list: there is nothing to score");
    if (ask->base64 && !ask->dialect->base64)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "\"encoding_format\": \"base64\" is not for %s; its answer has numbers (float)", path);
    return ASSAY_OK;
}

assay_status assay_ask_parse(assay_ask *ask, const char *path, const char *body, size_t size, assay_meter *meter,
                             assay_error *err)
{
    *ask = (assay_ask){.arena.meter = meter};
    if (!assay_dialect_path_known(path))
        return assay_error_set(err, ASSAY_E_USAGE, "%.200s: no such endpoint; /openapi.json lists them", path);
    return assay_meter_verdict(meter, parse(ask, path, body, size, err), err);
}

void assay_ask_release(assay_ask *ask)
{
    json_decref(ask->body);
    json_decref(ask->counts);
    assay_text_arena_release(&ask->arena);
    assay_free(ask->items);
    *ask = (assay_ask){0};
}
