#include "python/py_builtin.h"

#include "python/py_run.h"

#include <string.h>

enum { MOST_PARAMETERS = 8 };

const assay_py_builtin *assay_py_builtin_find(const assay_py_builtin_table *table, const assay_py_value *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (assay_py_value_is_text(name, table->entries[i].name)) return &table->entries[i];
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

static assay_status place_named(assay_py_run *run, const assay_py_builtin *builtin, const assay_py_call *call,
                                assay_py_value *placed)
{
    for (size_t i = 0; i < call->named; i++) {
        const assay_py_value *name = &call->names[i];
        const char *list = builtin->parameters;
        parameter p;
        size_t at = 0;
        for (list = next_parameter(list, &p); p.size; list = next_parameter(list, &p), at++)
            if (p.size == name->size && memcmp(p.name, name->as.text, p.size) == 0) break;
        int size = name->size < 60 ? (int)name->size : 60;
        if (!p.size || builtin->positional)
            return assay_py_run_fail(run, "%s() takes no argument named %.*s", builtin->name, size, name->as.text);
        if (placed[at].type != ASSAY_PY_MISSING)
            return assay_py_run_fail(run, "%s() got two values for %.*s", builtin->name, size, name->as.text);
        placed[at] = call->values[i];
    }
    return ASSAY_OK;
}

static assay_status match(assay_py_run *run, const assay_py_builtin *builtin, const assay_py_call *call,
                          assay_py_value *placed, size_t *count)
{
    parameter p;
    const char *list = builtin->parameters;
    for (*count = 0, list = next_parameter(list, &p); p.size; list = next_parameter(list, &p)) (*count)++;
    if (call->count > *count)
        return assay_py_run_fail(run, "%s() takes at most %zu arguments, not %zu", builtin->name, *count, call->count);
    for (size_t i = 0; i < call->count; i++) placed[i] = call->items[i];
    ASSAY_TRY(place_named(run, builtin, call, placed));
    list = next_parameter(builtin->parameters, &p);
    for (size_t i = 0; p.size; list = next_parameter(list, &p), i++)
        if (!p.optional && placed[i].type == ASSAY_PY_MISSING)
            return assay_py_run_fail(run, "%s() needs its argument %.*s", builtin->name, (int)p.size, p.name);
    return ASSAY_OK;
}

static assay_status put_self_first(assay_py_run *run, const assay_py_value *self, const assay_py_call *call,
                                   assay_py_call *out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, call->count + 1, sizeof(assay_py_value), &memory));
    assay_py_value *items = memory;
    items[0] = *self;
    if (call->count) memcpy(items + 1, call->items, call->count * sizeof *items);
    *out = *call;
    out->items = items;
    out->count = call->count + 1;
    return ASSAY_OK;
}

assay_status assay_py_builtin_call(assay_py_run *run, const assay_py_builtin *builtin, const assay_py_value *self,
                                   const assay_py_call *call, assay_py_value *out)
{
    assay_py_value placed[MOST_PARAMETERS] = {{0}};
    assay_py_call whole = *call, matched = {.items = placed};
    if (self) ASSAY_TRY(put_self_first(run, self, call, &whole));
    ASSAY_TRY(assay_py_run_step(run));
    if (!builtin->parameters) return builtin->run(run, &whole, out);
    ASSAY_TRY(match(run, builtin, &whole, placed, &matched.count));
    return builtin->run(run, &matched, out);
}

assay_status assay_py_argument_int(assay_py_run *run, const assay_py_value *item, int64_t missing, const char *what,
                                   int64_t *out)
{
    *out = missing;
    if (item->type == ASSAY_PY_MISSING || assay_py_value_is_whole(item, out)) return ASSAY_OK;
    return assay_py_run_fail(run, "%s must be a whole number, not '%s'", what, assay_py_value_type_name(item));
}

assay_status assay_py_argument_text(assay_py_run *run, const assay_py_value *item, const char *what)
{
    if (item->type == ASSAY_PY_TEXT) return ASSAY_OK;
    return assay_py_run_fail(run, "%s must be a string, not '%s'", what, assay_py_value_type_name(item));
}

bool assay_py_argument_truth(const assay_py_value *item, bool missing)
{
    return item->type == ASSAY_PY_MISSING ? missing : assay_py_value_truth(item);
}

bool assay_py_argument_given(const assay_py_value *item)
{
    return item->type != ASSAY_PY_MISSING && item->type != ASSAY_PY_NONE;
}
