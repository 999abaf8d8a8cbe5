#include "python/py_builtin.h"

#include "python/py_run.h"

#include <string.h>

enum { MOST_PARAMETERS = 8 };

const assay_jbuiltin *assay_jbuiltin_find(const assay_jbuiltin_table *table, const assay_jvalue *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (assay_jvalue_is_text(name, table->entries[i].name)) return &table->entries[i];
    return NULL;
}

/* One name of a list such as "value default= boolean="; the end of the list gives size 0. */
typedef struct parameter {
    const char *name;
    size_t size;
    bool optional;
} parameter;

static const char *next_parameter(const char *list, parameter *out)
{
    while (*list == ' ') list++;
    out->name = list;
    out->size = strcspn(list, " =");
    out->optional = list[out->size] == '=';
    return list + out->size + out->optional;
}

static assay_status place_named(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jcall *call,
                                assay_jvalue *placed)
{
    for (size_t i = 0; i < call->named; i++) {
        const assay_jvalue *name = &call->names[i];
        const char *list = builtin->parameters;
        parameter p;
        size_t at = 0;
        for (list = next_parameter(list, &p); p.size; list = next_parameter(list, &p), at++)
            if (p.size == name->size && memcmp(p.name, name->as.text, p.size) == 0) break;
        int size = name->size < 60 ? (int)name->size : 60;
        if (!p.size || builtin->positional)
            return assay_jrun_fail(run, "%s() takes no argument named %.*s", builtin->name, size, name->as.text);
        if (placed[at].type != ASSAY_J_MISSING)
            return assay_jrun_fail(run, "%s() got two values for %.*s", builtin->name, size, name->as.text);
        placed[at] = call->values[i];
    }
    return ASSAY_OK;
}

static assay_status match(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jcall *call, assay_jvalue *placed,
                          size_t *count)
{
    parameter p;
    const char *list = builtin->parameters;
    for (*count = 0, list = next_parameter(list, &p); p.size; list = next_parameter(list, &p)) (*count)++;
    if (call->count > *count)
        return assay_jrun_fail(run, "%s() takes at most %zu arguments, not %zu", builtin->name, *count, call->count);
    for (size_t i = 0; i < call->count; i++) placed[i] = call->items[i];
    ASSAY_TRY(place_named(run, builtin, call, placed));
    list = next_parameter(builtin->parameters, &p);
    for (size_t i = 0; p.size; list = next_parameter(list, &p), i++)
        if (!p.optional && placed[i].type == ASSAY_J_MISSING)
            return assay_jrun_fail(run, "%s() needs its argument %.*s", builtin->name, (int)p.size, p.name);
    return ASSAY_OK;
}

static assay_status put_self_first(assay_jrun *run, const assay_jvalue *self, const assay_jcall *call, assay_jcall *out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, call->count + 1, sizeof(assay_jvalue), &memory));
    assay_jvalue *items = memory;
    items[0] = *self;
    if (call->count) memcpy(items + 1, call->items, call->count * sizeof *items);
    *out = *call;
    out->items = items;
    out->count = call->count + 1;
    return ASSAY_OK;
}

assay_status assay_jbuiltin_call(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jvalue *self,
                                 const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue placed[MOST_PARAMETERS] = {{0}};
    assay_jcall whole = *call, matched = {.items = placed};
    if (self) ASSAY_TRY(put_self_first(run, self, call, &whole));
    ASSAY_TRY(assay_jrun_step(run));
    if (!builtin->parameters) return builtin->run(run, &whole, out);
    ASSAY_TRY(match(run, builtin, &whole, placed, &matched.count));
    return builtin->run(run, &matched, out);
}

assay_status assay_jargument_int(assay_jrun *run, const assay_jvalue *item, int64_t missing, const char *what,
                                 int64_t *out)
{
    *out = missing;
    if (item->type == ASSAY_J_MISSING || assay_jvalue_is_whole(item, out)) return ASSAY_OK;
    return assay_jrun_fail(run, "%s must be a whole number, not '%s'", what, assay_jvalue_type_name(item));
}

assay_status assay_jargument_text(assay_jrun *run, const assay_jvalue *item, const char *what)
{
    if (item->type == ASSAY_J_TEXT) return ASSAY_OK;
    return assay_jrun_fail(run, "%s must be a string, not '%s'", what, assay_jvalue_type_name(item));
}

bool assay_jargument_truth(const assay_jvalue *item, bool missing)
{
    return item->type == ASSAY_J_MISSING ? missing : assay_jvalue_truth(item);
}

bool assay_jargument_given(const assay_jvalue *item)
{
    return item->type != ASSAY_J_MISSING && item->type != ASSAY_J_NONE;
}
