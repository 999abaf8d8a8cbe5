/* Filters that apply a filter or a test to each item: map, select, reject and their attribute forms. jinja2 makes
 * generators of them; here the items are worked out at once and given out once. */
#include "jinja/jinja_attribute.h"
#include "jinja/jinja_state.h"
#include "jinja/jinja_tables.h"

static assay_status map_attribute(assay_py_run *run, const assay_py_call *call, assay_py_list *list)
{
    assay_py_value path = {0}, missing = {0}, item, value;
    assay_py_iter iter;
    for (size_t i = 0; i < call->named; i++) {
        if (assay_py_value_is_text(&call->names[i], "attribute")) path = call->values[i];
        else if (assay_py_value_is_text(&call->names[i], "default")) missing = call->values[i];
        else return assay_py_run_fail(run, "map() takes no other named arguments than attribute and default here");
    }
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &item)) {
        ASSAY_TRY(
            assay_jinja_value_path(run, &item, &path, missing.type == ASSAY_PY_MISSING ? NULL : &missing, &value));
        ASSAY_TRY(assay_py_list_push(run, list, value));
    }
    return ASSAY_OK;
}

/* What stands behind the name, with the item in front. */
static assay_status call_on(assay_py_run *run, const assay_py_builtin *builtin, const assay_py_call *call, size_t skip,
                            const assay_py_value *item, assay_py_value *out)
{
    assay_py_call rest = *call;
    rest.items += skip;
    rest.count -= skip;
    return assay_py_builtin_call(run, builtin, item, &rest, out);
}

static assay_status find_builtin(assay_py_run *run, const assay_py_value *name, bool filter,
                                 const assay_py_builtin **out)
{
    *out = name->type != ASSAY_PY_TEXT ? NULL
           : filter                    ? run->state->names->filter(name)
                                       : run->state->names->test(name);
    if (*out) return ASSAY_OK;
    int size = name->type != ASSAY_PY_TEXT ? 0 : name->size < 60 ? (int)name->size : 60;
    return assay_py_run_fail(run, "there is no %s named \"%.*s\"", filter ? "filter" : "test", size,
                             size ? name->as.text : "");
}

static bool names_attribute(const assay_py_call *call)
{
    for (size_t i = 0; i < call->named; i++)
        if (assay_py_value_is_text(&call->names[i], "attribute")) return call->count == 1;
    return false;
}

static assay_status run_map(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *list;
    assay_py_iter iter;
    assay_py_value item, value;
    const assay_py_builtin *filter;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &list));
    *out = assay_py_list_value(list);
    if (!assay_py_value_truth(&call->items[0])) return ASSAY_OK;
    if (names_attribute(call)) return map_attribute(run, call, list);
    if (call->count < 2) return assay_py_run_fail(run, "map() needs the name of a filter, or attribute=");
    ASSAY_TRY(find_builtin(run, &call->items[1], true, &filter));
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &item)) {
        ASSAY_TRY(call_on(run, filter, call, 2, &item, &value));
        ASSAY_TRY(assay_py_list_push(run, list, value));
    }
    return ASSAY_OK;
}

/* items: the values; then, `by_attribute`, a path; then the name of a test (none: truth) and its arguments. */
static assay_status pick(assay_py_run *run, const assay_py_call *call, bool by_attribute, bool wanted,
                         assay_py_value *out)
{
    assay_py_list *list;
    assay_py_iter iter;
    assay_py_value item, value, passes;
    const assay_py_builtin *test = NULL;
    size_t name = by_attribute ? 2 : 1;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &list));
    *out = assay_py_list_value(list);
    if (!assay_py_value_truth(&call->items[0])) return ASSAY_OK;
    if (call->count < name) return assay_py_run_fail(run, "the name of an attribute is missing");
    if (call->count > name) ASSAY_TRY(find_builtin(run, &call->items[name], false, &test));
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &item)) {
        value = item;
        if (by_attribute) ASSAY_TRY(assay_jinja_value_path(run, &item, &call->items[1], NULL, &value));
        passes = value;
        if (test) ASSAY_TRY(call_on(run, test, call, name + 1, &value, &passes));
        if (assay_py_value_truth(&passes) == wanted) ASSAY_TRY(assay_py_list_push(run, list, item));
    }
    return ASSAY_OK;
}

static assay_status run_select(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return pick(run, call, false, true, out);
}
static assay_status run_reject(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return pick(run, call, false, false, out);
}
static assay_status run_selectattr(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return pick(run, call, true, true, out);
}
static assay_status run_rejectattr(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return pick(run, call, true, false, out);
}

static const assay_py_builtin filters[] = {
    {"map", NULL, false, run_map},
    {"select", NULL, false, run_select},
    {"reject", NULL, false, run_reject},
    {"selectattr", NULL, false, run_selectattr},
    {"rejectattr", NULL, false, run_rejectattr},
};
const assay_py_builtin_table assay_jinja_filters_pick = {filters, sizeof filters / sizeof *filters};
