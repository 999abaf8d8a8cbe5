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

static assay_status run_length(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    int64_t length;
    ASSAY_TRY(assay_py_value_length(run, &call->items[0], &length));
    *out = assay_py_value_int(length);
    return ASSAY_OK;
}

static assay_status run_first(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_iter iter;
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    if (assay_py_iter_next(&iter, out)) return ASSAY_OK;
    return assay_py_value_undefined(run, "there is no first item, the sequence is empty", NULL, NULL, false, out);
}

static bool is_reversible(const assay_py_value *value)
{
    return assay_py_value_is_iterable(value) && !assay_py_value_is_list(value, ASSAY_PY_LIST_GENERATOR) &&
           value->type != ASSAY_PY_LOOP;
}

static assay_status run_last(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *all;
    if (!is_reversible(&call->items[0]))
        return assay_py_run_fail(run, "a value of type '%s' cannot be read from its end; add \"| list\"",
                                 assay_py_value_type_name(&call->items[0]));
    ASSAY_TRY(assay_py_value_collect(run, &call->items[0], ASSAY_PY_LIST_LIST, &all));
    if (!all->count)
        return assay_py_value_undefined(run, "there is no last item, the sequence is empty", NULL, NULL, false, out);
    *out = all->items[all->count - 1];
    return ASSAY_OK;
}

static assay_status run_list(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *all;
    ASSAY_TRY(assay_py_value_collect(run, &call->items[0], ASSAY_PY_LIST_LIST, &all));
    *out = assay_py_list_value(all);
    return ASSAY_OK;
}

static assay_status run_join(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value between = assay_py_value_literal(""), item, value;
    assay_py_build build = {0};
    assay_py_iter iter;
    if (call->items[1].type != ASSAY_PY_MISSING) ASSAY_TRY(assay_py_value_str(run, &call->items[1], false, &between));
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    for (bool first = true; assay_py_iter_next(&iter, &item); first = false) {
        ASSAY_TRY(assay_jinja_value_path(run, &item, &call->items[2], NULL, &value));
        if (!first) ASSAY_TRY(assay_py_build_text(run, &build, &between));
        ASSAY_TRY(assay_py_print_str(run, &build, &value));
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

static assay_status fold_case(assay_py_run *run, assay_py_value *key, bool case_sensitive)
{
    if (case_sensitive || key->type != ASSAY_PY_TEXT) return ASSAY_OK;
    assay_py_value text = *key;
    return assay_py_letters_lower(run, &text, key);
}

/* The items with their keys: the value along the path, lower case unless case counts. */
static assay_status keyed(assay_py_run *run, const assay_py_value *source, const assay_py_value *path,
                          const assay_py_value *missing, bool case_sensitive, assay_py_keyed **out, size_t *count)
{
    assay_py_list *all;
    void *memory;
    ASSAY_TRY(assay_py_value_collect(run, source, ASSAY_PY_LIST_LIST, &all));
    ASSAY_TRY(assay_py_run_alloc(run, all->count, sizeof(assay_py_keyed), &memory));
    *out = memory;
    *count = all->count;
    for (size_t i = 0; i < all->count; i++) {
        (*out)[i].item = all->items[i];
        ASSAY_TRY(assay_jinja_value_path(run, &all->items[i], path, missing, &(*out)[i].key));
        ASSAY_TRY(fold_case(run, &(*out)[i].key, case_sensitive));
    }
    return ASSAY_OK;
}

/* "a,b": a list of the values along each path, which sort() compares as lists. */
static assay_status sort_key(assay_py_run *run, const assay_py_value *item, const assay_py_value *path,
                             bool case_sensitive, assay_py_value *out)
{
    assay_py_value comma = assay_py_value_literal(","), value;
    assay_py_list *paths, *key;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 1, &key));
    if (path->type == ASSAY_PY_TEXT) ASSAY_TRY(assay_py_letters_split(run, path, &comma, -1, &paths));
    else {
        ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 1, &paths));
        ASSAY_TRY(assay_py_list_push(run, paths, *path));
    }
    for (size_t i = 0; i < paths->count; i++) {
        ASSAY_TRY(assay_jinja_value_path(run, item, &paths->items[i], NULL, &value));
        ASSAY_TRY(fold_case(run, &value, case_sensitive));
        ASSAY_TRY(assay_py_list_push(run, key, value));
    }
    *out = assay_py_list_value(key);
    return ASSAY_OK;
}

static assay_status items_of(assay_py_run *run, const assay_py_keyed *keyed_items, size_t count, assay_py_value *out)
{
    assay_py_list *list;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, count, &list));
    for (size_t i = 0; i < count; i++) ASSAY_TRY(assay_py_list_push(run, list, keyed_items[i].item));
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static assay_status run_sort(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_keyed *items;
    size_t count;
    bool case_sensitive = assay_py_argument_truth(&call->items[2], false);
    assay_py_value none = assay_py_value_none();
    ASSAY_TRY(keyed(run, &call->items[0], &none, NULL, true, &items, &count));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(sort_key(run, &items[i].item, &call->items[3], case_sensitive, &items[i].key));
    ASSAY_TRY(assay_py_sort(run, items, count, assay_py_argument_truth(&call->items[1], false)));
    return items_of(run, items, count, out);
}

static assay_status run_dictsort(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_keyed *items;
    size_t count;
    assay_py_list *pair;
    bool by_value = assay_py_value_is_text(&call->items[2], "value");
    if (!by_value && call->items[2].type != ASSAY_PY_MISSING && !assay_py_value_is_text(&call->items[2], "key"))
        return assay_py_run_fail(run, "dictsort() sorts by \"key\" or \"value\"");
    if (call->items[0].type != ASSAY_PY_DICT)
        return assay_py_run_fail(run, "dictsort() wants a dict, not '%s'", assay_py_value_type_name(&call->items[0]));
    assay_py_value none = assay_py_value_none();
    ASSAY_TRY(keyed(run, &call->items[0], &none, NULL, true, &items, &count));
    for (size_t i = 0; i < count; i++) {
        const assay_py_entry *entry = &call->items[0].as.dict->entries[i];
        ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, 2, &pair));
        ASSAY_TRY(assay_py_list_push(run, pair, entry->key));
        ASSAY_TRY(assay_py_list_push(run, pair, entry->value));
        items[i] = (assay_py_keyed){by_value ? entry->value : entry->key, assay_py_list_value(pair)};
        ASSAY_TRY(fold_case(run, &items[i].key, assay_py_argument_truth(&call->items[1], false)));
    }
    ASSAY_TRY(assay_py_sort(run, items, count, assay_py_argument_truth(&call->items[3], false)));
    return items_of(run, items, count, out);
}

static assay_status run_unique(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_keyed *items;
    size_t count;
    assay_py_list *list;
    assay_py_dict *seen;
    assay_py_value known, yes = assay_py_value_bool(true);
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[2], NULL, assay_py_argument_truth(&call->items[1], false),
                    &items, &count));
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &list));
    ASSAY_TRY(assay_py_dict_new(run, 0, &seen));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_py_dict_get(run, seen, &items[i].key, &known));
        if (known.type != ASSAY_PY_MISSING) continue;
        ASSAY_TRY(assay_py_dict_put(run, seen, &items[i].key, &yes));
        ASSAY_TRY(assay_py_list_push(run, list, items[i].item));
    }
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static assay_status extreme(assay_py_run *run, const assay_py_call *call, int wanted, assay_py_value *out)
{
    assay_py_keyed *items;
    size_t count, best = 0;
    int order;
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[2], NULL, assay_py_argument_truth(&call->items[1], false),
                    &items, &count));
    if (!count)
        return assay_py_value_undefined(run, "there is no item to choose, the sequence is empty", NULL, NULL, false,
                                        out);
    for (size_t i = 1; i < count; i++) {
        ASSAY_TRY(assay_py_value_order(run, &items[i].key, &items[best].key, wanted < 0 ? "<" : ">", &order));
        if (order == wanted) best = i;
    }
    *out = items[best].item;
    return ASSAY_OK;
}

static assay_status run_min(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return extreme(run, call, -1, out);
}
static assay_status run_max(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return extreme(run, call, 1, out);
}

static assay_status run_sum(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_iter iter;
    assay_py_value item, value, sum;
    *out = call->items[2].type == ASSAY_PY_MISSING ? assay_py_value_int(0) : call->items[2];
    if (out->type == ASSAY_PY_TEXT) return assay_py_run_fail(run, "sum() does not add texts; use join");
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &item)) {
        ASSAY_TRY(assay_jinja_value_path(run, &item, &call->items[1], NULL, &value));
        ASSAY_TRY(assay_py_op_binary(run, '+', out, &value, &sum));
        *out = sum;
    }
    return ASSAY_OK;
}

static assay_status run_reverse(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *all;
    assay_py_value bounds[3] = {{0}, {0}, assay_py_value_int(-1)};
    const assay_py_value *value = &call->items[0];
    if (value->type == ASSAY_PY_TEXT) return assay_py_value_slice(run, value, bounds, out);
    ASSAY_TRY(
        assay_py_value_collect(run, value, is_reversible(value) ? ASSAY_PY_LIST_GENERATOR : ASSAY_PY_LIST_LIST, &all));
    for (size_t i = 0; i < all->count / 2; i++) {
        assay_py_value item = all->items[i];
        all->items[i] = all->items[all->count - 1 - i];
        all->items[all->count - 1 - i] = item;
    }
    *out = assay_py_list_value(all);
    return ASSAY_OK;
}

static assay_status part_of(assay_py_run *run, const assay_py_list *list, size_t from, size_t to, assay_py_list **out)
{
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, to - from + 1, out));
    for (size_t i = from; i < to; i++) ASSAY_TRY(assay_py_list_push(run, *out, list->items[i]));
    return ASSAY_OK;
}

static assay_status run_batch(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *all, *rows, *row;
    int64_t wide;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 0, "the size of a batch", &wide));
    ASSAY_TRY(assay_py_value_collect(run, &call->items[0], ASSAY_PY_LIST_LIST, &all));
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &rows));
    size_t size = wide > 0 ? (size_t)wide : all->count + 1;
    if (wide <= 0 && all->count) return assay_py_run_unsupported(run, "batches of less than one item");
    for (size_t from = 0; from < all->count; from += size) {
        size_t to = all->count - from > size ? from + size : all->count;
        ASSAY_TRY(part_of(run, all, from, to, &row));
        while (assay_py_argument_given(&call->items[2]) && row->count < size)
            ASSAY_TRY(assay_py_list_push(run, row, call->items[2]));
        ASSAY_TRY(assay_py_list_push(run, rows, assay_py_list_value(row)));
        if (to == all->count) break;
    }
    *out = assay_py_list_value(rows);
    return ASSAY_OK;
}

/* So many columns, the first ones longer by one where it does not come out even. */
static assay_status run_slice(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *all, *columns, *column;
    int64_t count;
    size_t from = 0;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 0, "the number of slices", &count));
    if (count == 0) return assay_py_run_fail(run, "division by zero: slice() into no parts");
    ASSAY_TRY(assay_py_value_collect(run, &call->items[0], ASSAY_PY_LIST_LIST, &all));
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &columns));
    for (int64_t i = 0; i < count; i++) {
        bool longer = (size_t)i < all->count % (size_t)count;
        size_t to = from + all->count / (size_t)count + longer;
        ASSAY_TRY(part_of(run, all, from, to, &column));
        if (!longer && assay_py_argument_given(&call->items[2]))
            ASSAY_TRY(assay_py_list_push(run, column, call->items[2]));
        ASSAY_TRY(assay_py_list_push(run, columns, assay_py_list_value(column)));
        from = to;
    }
    *out = assay_py_list_value(columns);
    return ASSAY_OK;
}

static assay_status run_items(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *list, *pair;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GENERATOR, 0, &list));
    *out = assay_py_list_value(list);
    if (call->items[0].type == ASSAY_PY_UNDEFINED) return ASSAY_OK;
    if (call->items[0].type != ASSAY_PY_DICT)
        return assay_py_run_fail(run, "items wants a dict, not '%s'", assay_py_value_type_name(&call->items[0]));
    for (size_t i = 0; i < call->items[0].as.dict->count; i++) {
        ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, 2, &pair));
        ASSAY_TRY(assay_py_list_push(run, pair, call->items[0].as.dict->entries[i].key));
        ASSAY_TRY(assay_py_list_push(run, pair, call->items[0].as.dict->entries[i].value));
        ASSAY_TRY(assay_py_list_push(run, list, assay_py_list_value(pair)));
    }
    return ASSAY_OK;
}

static assay_status push_group(assay_py_run *run, assay_py_list *groups, const assay_py_keyed *items, size_t from,
                               size_t to, const assay_py_value *path, const assay_py_value *missing,
                               bool case_sensitive)
{
    assay_py_list *group, *members;
    assay_py_value key = items[from].key;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_GROUP, 2, &group));
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, to - from, &members));
    for (size_t i = from; i < to; i++) ASSAY_TRY(assay_py_list_push(run, members, items[i].item));
    if (!case_sensitive) ASSAY_TRY(assay_jinja_value_path(run, &items[from].item, path, missing, &key));
    ASSAY_TRY(assay_py_list_push(run, group, key));
    ASSAY_TRY(assay_py_list_push(run, group, assay_py_list_value(members)));
    return assay_py_list_push(run, groups, assay_py_list_value(group));
}

static assay_status run_groupby(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_keyed *items;
    assay_py_list *groups;
    size_t count, from = 0;
    bool equal, case_sensitive = assay_py_argument_truth(&call->items[3], false);
    const assay_py_value *missing = assay_py_argument_given(&call->items[2]) ? &call->items[2] : NULL;
    ASSAY_TRY(keyed(run, &call->items[0], &call->items[1], missing, case_sensitive, &items, &count));
    ASSAY_TRY(assay_py_sort(run, items, count, false));
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 0, &groups));
    for (size_t i = 0; i < count; i++) {
        equal = i + 1 < count;
        if (equal) ASSAY_TRY(assay_py_value_equal(run, &items[i].key, &items[i + 1].key, &equal));
        if (equal) continue;
        ASSAY_TRY(push_group(run, groups, items, from, i + 1, &call->items[1], missing, case_sensitive));
        from = i + 1;
    }
    *out = assay_py_list_value(groups);
    return ASSAY_OK;
}

static assay_status run_default(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    bool takes = call->items[0].type == ASSAY_PY_UNDEFINED ||
                 (assay_py_argument_truth(&call->items[2], false) && !assay_py_value_truth(&call->items[0]));
    *out = !takes                                    ? call->items[0]
           : call->items[1].type == ASSAY_PY_MISSING ? assay_py_value_literal("")
                                                     : call->items[1];
    return ASSAY_OK;
}

static assay_status run_attr(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    ASSAY_TRY(assay_py_argument_text(run, &call->items[1], "the name of an attribute"));
    return assay_jinja_value_only_attribute(run, &call->items[0], &call->items[1], out);
}

static const assay_py_builtin filters[] = {
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
const assay_py_builtin_table assay_jinja_filters_list = {filters, sizeof filters / sizeof *filters};
