/* Filters over lists and dicts. */
#include "jinja/jinja_attribute.h"
#include "jinja/jinja_tables.h"
#include "python/py_dict.h"
#include "python/py_item.h"
#include "python/py_letters.h"
#include "python/py_operator.h"
#include "python/py_print.h"
#include "python/py_run.h"
#include "python/py_sort.h"
#include "python/py_undefined.h"

#include <string.h>

static assay_status run_length(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    int64_t length;
    ASSAY_TRY(assay_jvalue_length(run, &call->items[0], &length));
    *out = assay_jvalue_int(length);
    return ASSAY_OK;
}

static assay_status run_first(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jiter iter;
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    if (assay_jiter_next(&iter, out)) return ASSAY_OK;
    return assay_jvalue_undefined(run, "there is no first item, the sequence is empty", NULL, NULL, false, out);
}

static bool is_reversible(const assay_jvalue *value)
{
    return assay_jvalue_is_iterable(value) && !assay_jvalue_is_list(value, ASSAY_JLIST_GENERATOR) &&
           value->type != ASSAY_J_LOOP;
}

static assay_status run_last(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *all;
    if (!is_reversible(&call->items[0]))
        return assay_jrun_fail(run, "a value of type '%s' cannot be read from its end; add \"| list\"",
                               assay_jvalue_type_name(&call->items[0]));
    ASSAY_TRY(assay_jvalue_collect(run, &call->items[0], ASSAY_JLIST_LIST, &all));
    if (!all->count)
        return assay_jvalue_undefined(run, "there is no last item, the sequence is empty", NULL, NULL, false, out);
    *out = all->items[all->count - 1];
    return ASSAY_OK;
}

static assay_status run_list(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *all;
    ASSAY_TRY(assay_jvalue_collect(run, &call->items[0], ASSAY_JLIST_LIST, &all));
    *out = assay_jlist_value(all);
    return ASSAY_OK;
}

static assay_status run_join(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue between = assay_jvalue_literal(""), item, value;
    assay_jbuild build = {0};
    assay_jiter iter;
    if (call->items[1].type != ASSAY_J_MISSING) ASSAY_TRY(assay_jvalue_str(run, &call->items[1], false, &between));
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    for (bool first = true; assay_jiter_next(&iter, &item); first = false) {
        ASSAY_TRY(assay_jvalue_path(run, &item, &call->items[2], NULL, &value));
        if (!first) ASSAY_TRY(assay_jbuild_text(run, &build, &between));
        ASSAY_TRY(assay_jprint_str(run, &build, &value));
    }
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

static assay_status fold_case(assay_jrun *run, assay_jvalue *key, bool case_sensitive)
{
    if (case_sensitive || key->type != ASSAY_J_TEXT) return ASSAY_OK;
    assay_jvalue text = *key;
    return assay_jletters_lower(run, &text, key);
}

/* The items with their keys: the value along the path, lower case unless case counts. */
static assay_status keyed(assay_jrun *run, const assay_jvalue *source, const assay_jvalue *path,
                          const assay_jvalue *missing, bool case_sensitive, assay_jkeyed **out, size_t *count)
{
    assay_jlist *all;
    void *memory;
    ASSAY_TRY(assay_jvalue_collect(run, source, ASSAY_JLIST_LIST, &all));
    ASSAY_TRY(assay_jrun_alloc(run, all->count, sizeof(assay_jkeyed), &memory));
    *out = memory;
    *count = all->count;
    for (size_t i = 0; i < all->count; i++) {
        (*out)[i].item = all->items[i];
        ASSAY_TRY(assay_jvalue_path(run, &all->items[i], path, missing, &(*out)[i].key));
        ASSAY_TRY(fold_case(run, &(*out)[i].key, case_sensitive));
    }
    return ASSAY_OK;
}

/* "a,b": a list of the values along each path, which sort() compares as lists. */
static assay_status sort_key(assay_jrun *run, const assay_jvalue *item, const assay_jvalue *path, bool case_sensitive,
                             assay_jvalue *out)
{
    assay_jvalue comma = assay_jvalue_literal(","), value;
    assay_jlist *paths, *key;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, 1, &key));
    if (path->type == ASSAY_J_TEXT) ASSAY_TRY(assay_jletters_split(run, path, &comma, -1, &paths));
    else {
        ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, 1, &paths));
        ASSAY_TRY(assay_jlist_push(run, paths, *path));
    }
    for (size_t i = 0; i < paths->count; i++) {
        ASSAY_TRY(assay_jvalue_path(run, item, &paths->items[i], NULL, &value));
        ASSAY_TRY(fold_case(run, &value, case_sensitive));
        ASSAY_TRY(assay_jlist_push(run, key, value));
    }
    *out = assay_jlist_value(key);
    return ASSAY_OK;
}

static assay_status items_of(assay_jrun *run, const assay_jkeyed *keyed_items, size_t count, assay_jvalue *out)
{
    assay_jlist *list;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, count, &list));
    for (size_t i = 0; i < count; i++) ASSAY_TRY(assay_jlist_push(run, list, keyed_items[i].item));
    *out = assay_jlist_value(list);
    return ASSAY_OK;
}

static assay_status run_sort(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jkeyed *items;
    size_t count;
    bool case_sensitive = assay_jargument_truth(&call->items[2], false);
    assay_jvalue none = assay_jvalue_none();
    ASSAY_TRY(keyed(run, &call->items[0], &none, NULL, true, &items, &count));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(sort_key(run, &items[i].item, &call->items[3], case_sensitive, &items[i].key));
    ASSAY_TRY(assay_jsort(run, items, count, assay_jargument_truth(&call->items[1], false)));
    return items_of(run, items, count, out);
}

static assay_status run_dictsort(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jkeyed *items;
    size_t count;
    assay_jlist *pair;
    bool by_value = assay_jvalue_is_text(&call->items[2], "value");
    if (!by_value && call->items[2].type != ASSAY_J_MISSING && !assay_jvalue_is_text(&call->items[2], "key"))
        return assay_jrun_fail(run, "dictsort() sorts by \"key\" or \"value\"");
    if (call->items[0].type != ASSAY_J_DICT)
        return assay_jrun_fail(run, "dictsort() wants a dict, not '%s'", assay_jvalue_type_name(&call->items[0]));
    assay_jvalue none = assay_jvalue_none();
    ASSAY_TRY(keyed(run, &call->items[0], &none, NULL, true, &items, &count));
    for (size_t i = 0; i < count; i++) {
        const assay_jentry *entry = &call->items[0].as.dict->entries[i];
        ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, 2, &pair));
        ASSAY_TRY(assay_jlist_push(run, pair, entry->key));
        ASSAY_TRY(assay_jlist_push(run, pair, entry->value));
        items[i] = (assay_jkeyed){by_value ? entry->value : entry->key, assay_jlist_value(pair)};
        ASSAY_TRY(fold_case(run, &items[i].key, assay_jargument_truth(&call->items[1], false)));
    }
    ASSAY_TRY(assay_jsort(run, items, count, assay_jargument_truth(&call->items[3], false)));
    return items_of(run, items, count, out);
}

static assay_status run_unique(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jkeyed *items;
    size_t count;
    assay_jlist *list;
    assay_jdict *seen;
    assay_jvalue known, yes = assay_jvalue_bool(true);
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[2], NULL, assay_jargument_truth(&call->items[1], false), &items,
                    &count));
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &list));
    ASSAY_TRY(assay_jdict_new(run, 0, &seen));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_jdict_get(run, seen, &items[i].key, &known));
        if (known.type != ASSAY_J_MISSING) continue;
        ASSAY_TRY(assay_jdict_put(run, seen, &items[i].key, &yes));
        ASSAY_TRY(assay_jlist_push(run, list, items[i].item));
    }
    *out = assay_jlist_value(list);
    return ASSAY_OK;
}

static assay_status extreme(assay_jrun *run, const assay_jcall *call, int wanted, assay_jvalue *out)
{
    assay_jkeyed *items;
    size_t count, best = 0;
    int order;
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[2], NULL, assay_jargument_truth(&call->items[1], false), &items,
                    &count));
    if (!count)
        return assay_jvalue_undefined(run, "there is no item to choose, the sequence is empty", NULL, NULL, false, out);
    for (size_t i = 1; i < count; i++) {
        ASSAY_TRY(assay_jvalue_order(run, &items[i].key, &items[best].key, wanted < 0 ? "<" : ">", &order));
        if (order == wanted) best = i;
    }
    *out = items[best].item;
    return ASSAY_OK;
}

static assay_status run_min(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return extreme(run, call, -1, out);
}
static assay_status run_max(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return extreme(run, call, 1, out);
}

static assay_status run_sum(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jiter iter;
    assay_jvalue item, value, sum;
    *out = call->items[2].type == ASSAY_J_MISSING ? assay_jvalue_int(0) : call->items[2];
    if (out->type == ASSAY_J_TEXT) return assay_jrun_fail(run, "sum() does not add texts; use join");
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &item)) {
        ASSAY_TRY(assay_jvalue_path(run, &item, &call->items[1], NULL, &value));
        ASSAY_TRY(assay_jop_binary(run, '+', out, &value, &sum));
        *out = sum;
    }
    return ASSAY_OK;
}

static assay_status run_reverse(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *all;
    assay_jvalue bounds[3] = {{0}, {0}, assay_jvalue_int(-1)};
    const assay_jvalue *value = &call->items[0];
    if (value->type == ASSAY_J_TEXT) return assay_jvalue_slice(run, value, bounds, out);
    ASSAY_TRY(assay_jvalue_collect(run, value, is_reversible(value) ? ASSAY_JLIST_GENERATOR : ASSAY_JLIST_LIST, &all));
    for (size_t i = 0; i < all->count / 2; i++) {
        assay_jvalue item = all->items[i];
        all->items[i] = all->items[all->count - 1 - i];
        all->items[all->count - 1 - i] = item;
    }
    *out = assay_jlist_value(all);
    return ASSAY_OK;
}

static assay_status part_of(assay_jrun *run, const assay_jlist *list, size_t from, size_t to, assay_jlist **out)
{
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, to - from + 1, out));
    for (size_t i = from; i < to; i++) ASSAY_TRY(assay_jlist_push(run, *out, list->items[i]));
    return ASSAY_OK;
}

static assay_status run_batch(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *all, *rows, *row;
    int64_t wide;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 0, "the size of a batch", &wide));
    ASSAY_TRY(assay_jvalue_collect(run, &call->items[0], ASSAY_JLIST_LIST, &all));
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &rows));
    size_t size = wide > 0 ? (size_t)wide : all->count + 1;
    if (wide <= 0 && all->count) return assay_jrun_unsupported(run, "batches of less than one item");
    for (size_t from = 0; from < all->count; from += size) {
        size_t to = all->count - from > size ? from + size : all->count;
        ASSAY_TRY(part_of(run, all, from, to, &row));
        while (assay_jargument_given(&call->items[2]) && row->count < size)
            ASSAY_TRY(assay_jlist_push(run, row, call->items[2]));
        ASSAY_TRY(assay_jlist_push(run, rows, assay_jlist_value(row)));
        if (to == all->count) break;
    }
    *out = assay_jlist_value(rows);
    return ASSAY_OK;
}

/* So many columns, the first ones longer by one where it does not come out even. */
static assay_status run_slice(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *all, *columns, *column;
    int64_t count;
    size_t from = 0;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 0, "the number of slices", &count));
    if (count == 0) return assay_jrun_fail(run, "division by zero: slice() into no parts");
    ASSAY_TRY(assay_jvalue_collect(run, &call->items[0], ASSAY_JLIST_LIST, &all));
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &columns));
    for (int64_t i = 0; i < count; i++) {
        bool longer = (size_t)i < all->count % (size_t)count;
        size_t to = from + all->count / (size_t)count + longer;
        ASSAY_TRY(part_of(run, all, from, to, &column));
        if (!longer && assay_jargument_given(&call->items[2])) ASSAY_TRY(assay_jlist_push(run, column, call->items[2]));
        ASSAY_TRY(assay_jlist_push(run, columns, assay_jlist_value(column)));
        from = to;
    }
    *out = assay_jlist_value(columns);
    return ASSAY_OK;
}

static assay_status run_items(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *list, *pair;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GENERATOR, 0, &list));
    *out = assay_jlist_value(list);
    if (call->items[0].type == ASSAY_J_UNDEFINED) return ASSAY_OK;
    if (call->items[0].type != ASSAY_J_DICT)
        return assay_jrun_fail(run, "items wants a dict, not '%s'", assay_jvalue_type_name(&call->items[0]));
    for (size_t i = 0; i < call->items[0].as.dict->count; i++) {
        ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, 2, &pair));
        ASSAY_TRY(assay_jlist_push(run, pair, call->items[0].as.dict->entries[i].key));
        ASSAY_TRY(assay_jlist_push(run, pair, call->items[0].as.dict->entries[i].value));
        ASSAY_TRY(assay_jlist_push(run, list, assay_jlist_value(pair)));
    }
    return ASSAY_OK;
}

static assay_status push_group(assay_jrun *run, assay_jlist *groups, const assay_jkeyed *items, size_t from, size_t to,
                               const assay_jvalue *path, const assay_jvalue *missing, bool case_sensitive)
{
    assay_jlist *group, *members;
    assay_jvalue key = items[from].key;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_GROUP, 2, &group));
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, to - from, &members));
    for (size_t i = from; i < to; i++) ASSAY_TRY(assay_jlist_push(run, members, items[i].item));
    if (!case_sensitive) ASSAY_TRY(assay_jvalue_path(run, &items[from].item, path, missing, &key));
    ASSAY_TRY(assay_jlist_push(run, group, key));
    ASSAY_TRY(assay_jlist_push(run, group, assay_jlist_value(members)));
    return assay_jlist_push(run, groups, assay_jlist_value(group));
}

static assay_status run_groupby(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jkeyed *items;
    assay_jlist *groups;
    size_t count, from = 0;
    bool equal, case_sensitive = assay_jargument_truth(&call->items[3], false);
    const assay_jvalue *missing = assay_jargument_given(&call->items[2]) ? &call->items[2] : NULL;
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[1], missing, case_sensitive, &items, &count));
    ASSAY_TRY(assay_jsort(run, items, count, false));
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, 0, &groups));
    for (size_t i = 0; i < count; i++) {
        equal = i + 1 < count;
        if (equal) ASSAY_TRY(assay_jvalue_equal(run, &items[i].key, &items[i + 1].key, &equal));
        if (equal) continue;
        ASSAY_TRY(push_group(run, groups, items, from, i + 1, &call->items[1], missing, case_sensitive));
        from = i + 1;
    }
    *out = assay_jlist_value(groups);
    return ASSAY_OK;
}

static assay_status run_default(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    bool takes = call->items[0].type == ASSAY_J_UNDEFINED ||
                 (assay_jargument_truth(&call->items[2], false) && !assay_jvalue_truth(&call->items[0]));
    *out = !takes ? call->items[0] : call->items[1].type == ASSAY_J_MISSING ? assay_jvalue_literal("") : call->items[1];
    return ASSAY_OK;
}

static assay_status run_attr(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    ASSAY_TRY(assay_jargument_text(run, &call->items[1], "the name of an attribute"));
    return assay_jvalue_only_attribute(run, &call->items[0], &call->items[1], out);
}

static const assay_jbuiltin filters[] = {
    {"length", "obj", true, run_length},
    {"items", "value", false, run_items},
    {"default", "value default_value= boolean=", false, run_default},
    {"join", "value d= attribute=", false, run_join},
    {"list", "value", false, run_list},
    {"first", "seq", false, run_first},
    {"last", "seq", false, run_last},
    {"count", "obj", true, run_length},
    {"d", "value default_value= boolean=", false, run_default},
    {"dictsort", "value case_sensitive= by= reverse=", false, run_dictsort},
    {"sort", "value reverse= case_sensitive= attribute=", false, run_sort},
    {"unique", "value case_sensitive= attribute=", false, run_unique},
    {"min", "value case_sensitive= attribute=", false, run_min},
    {"max", "value case_sensitive= attribute=", false, run_max},
    {"sum", "iterable attribute= start=", false, run_sum},
    {"reverse", "value", false, run_reverse},
    {"batch", "value linecount fill_with=", false, run_batch},
    {"slice", "value slices fill_with=", false, run_slice},
    {"groupby", "value attribute default= case_sensitive=", false, run_groupby},
    {"attr", "obj name", false, run_attr},
};
const assay_jbuiltin_table assay_jfilters_list = {filters, sizeof filters / sizeof *filters};
