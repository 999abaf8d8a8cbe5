/* Filters that apply a filter or a test to each item: map, select, reject and their attribute forms. jinja2 makes
 * generators of them; here the items are worked out at once and given out once. */
#include "jinja/jinja_attribute.h"
#include "jinja/jinja_state.h"
#include "jinja/jinja_tables.h"

static assay_status map_attribute(assay_jrun *run, const assay_jcall *call, assay_jlist *list)
{
    assay_jvalue path = {0}, missing = {0}, item, value;
    assay_jiter iter;
    for (size_t i = 0; i < call->named; i++) {
        if (assay_jvalue_is_text(&call->names[i], "attribute")) path = call->values[i];
        else if (assay_jvalue_is_text(&call->names[i], "default")) missing = call->values[i];
        else return assay_jrun_fail(run, "map() takes no other named arguments than attribute and default here");
    }
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &item)) {
        ASSAY_TRY(assay_jvalue_path(run, &item, &path, missing.type == ASSAY_J_MISSING ? NULL : &missing, &value));
        ASSAY_TRY(assay_jlist_push(run, list, value));
    }
    return ASSAY_OK;
}

/* What stands behind the name, with the item in front. */
static assay_status call_on(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jcall *call, size_t skip,
                            const assay_jvalue *item, assay_jvalue *out)
{
    assay_jcall rest = *call;
    rest.items += skip;
    rest.count -= skip;
    return assay_jbuiltin_call(run, builtin, item, &rest, out);
}

static assay_status find_builtin(assay_jrun *run, const assay_jvalue *name, bool filter, const assay_jbuiltin **out)
{
    *out = name->type != ASSAY_J_TEXT ? NULL : filter ? run->state->names->filter(name) : run->state->names->test(name);
    if (*out) return ASSAY_OK;
    int size = name->type != ASSAY_J_TEXT ? 0 : name->size < 60 ? (int)name->size : 60;
    return assay_jrun_fail(run, "there is no %s named \"%.*s\"", filter ? "filter" : "test", size,
                           size ? name->as.text : "");
}

static bool names_attribute(const assay_jcall *call)
{
    for (size_t i = 0; i < call->named; i++)
        if (assay_jvalue_is_text(&call->names[i], "attribute")) return call->count == 1;
    return false;
}

static assay_status run_map(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *list;
    assay_jiter iter;
    assay_jvalue item, value;
    const assay_jbuiltin *filter;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &list));
    *out = assay_jlist_value(list);
    if (!assay_jvalue_truth(&call->items[0])) return ASSAY_OK;
    if (names_attribute(call)) return map_attribute(run, call, list);
    if (call->count < 2) return assay_jrun_fail(run, "map() needs the name of a filter, or attribute=");
    ASSAY_TRY(find_builtin(run, &call->items[1], true, &filter));
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &item)) {
        ASSAY_TRY(call_on(run, filter, call, 2, &item, &value));
        ASSAY_TRY(assay_jlist_push(run, list, value));
    }
    return ASSAY_OK;
}

/* items: the values; then, `by_attribute`, a path; then the name of a test (none: truth) and its arguments. */
static assay_status pick(assay_jrun *run, const assay_jcall *call, bool by_attribute, bool wanted, assay_jvalue *out)
{
    assay_jlist *list;
    assay_jiter iter;
    assay_jvalue item, value, passes;
    const assay_jbuiltin *test = NULL;
    size_t name = by_attribute ? 2 : 1;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &list));
    *out = assay_jlist_value(list);
    if (!assay_jvalue_truth(&call->items[0])) return ASSAY_OK;
    if (call->count < name) return assay_jrun_fail(run, "the name of an attribute is missing");
    if (call->count > name) ASSAY_TRY(find_builtin(run, &call->items[name], false, &test));
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &item)) {
        value = item;
        if (by_attribute) ASSAY_TRY(assay_jvalue_path(run, &item, &call->items[1], NULL, &value));
        passes = value;
        if (test) ASSAY_TRY(call_on(run, test, call, name + 1, &value, &passes));
        if (assay_jvalue_truth(&passes) == wanted) ASSAY_TRY(assay_jlist_push(run, list, item));
    }
    return ASSAY_OK;
}

static assay_status run_select(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return pick(run, call, false, true, out);
}
static assay_status run_reject(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return pick(run, call, false, false, out);
}
static assay_status run_selectattr(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return pick(run, call, true, true, out);
}
static assay_status run_rejectattr(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return pick(run, call, true, false, out);
}

static const assay_jbuiltin filters[] = {
    {"map", NULL, false, run_map},
    {"select", NULL, false, run_select},
    {"reject", NULL, false, run_reject},
    {"selectattr", NULL, false, run_selectattr},
    {"rejectattr", NULL, false, run_rejectattr},
};
const assay_jbuiltin_table assay_jfilters_pick = {filters, sizeof filters / sizeof *filters};
