/* The methods of dicts, lists and numbers that leave their object as it is. */
#include "python/py_methods.h"

#include "python/py_dict.h"
#include "python/py_run.h"

#include <math.h>

static assay_status view_of(assay_py_run *run, const assay_py_dict *dict, assay_py_list_kind kind, assay_py_value *out)
{
    assay_py_list *list, *pair;
    ASSAY_TRY(assay_py_list_new(run, kind, dict->count, &list));
    for (size_t i = 0; i < dict->count; i++) {
        const assay_py_entry *entry = &dict->entries[i];
        assay_py_value item = kind == ASSAY_PY_LIST_KEYS ? entry->key : entry->value;
        if (kind == ASSAY_PY_LIST_ITEMS) {
            ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, 2, &pair));
            ASSAY_TRY(assay_py_list_push(run, pair, entry->key));
            ASSAY_TRY(assay_py_list_push(run, pair, entry->value));
            item = assay_py_list_value(pair);
        }
        ASSAY_TRY(assay_py_list_push(run, list, item));
    }
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static assay_status run_keys(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_PY_LIST_KEYS, out);
}

static assay_status run_values(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_PY_LIST_VALUES, out);
}

static assay_status run_items(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_PY_LIST_ITEMS, out);
}

static assay_status run_get(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    ASSAY_TRY(assay_py_dict_get(run, call->items[0].as.dict, &call->items[1], out));
    if (out->type == ASSAY_PY_MISSING)
        *out = call->items[2].type == ASSAY_PY_MISSING ? assay_py_value_none() : call->items[2];
    return ASSAY_OK;
}

static assay_status run_copy_dict(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_dict *copy;
    ASSAY_TRY(assay_py_dict_new(run, call->items[0].as.dict->count, &copy));
    ASSAY_TRY(assay_py_dict_put_all(run, copy, call->items[0].as.dict));
    *out = assay_py_dict_value(copy);
    return ASSAY_OK;
}

static assay_status make_from_keys(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_dict *dict;
    assay_py_iter iter;
    assay_py_value key, value = call->items[1].type == ASSAY_PY_MISSING ? assay_py_value_none() : call->items[1];
    ASSAY_TRY(assay_py_dict_new(run, 0, &dict));
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &key)) ASSAY_TRY(assay_py_dict_put(run, dict, &key, &value));
    *out = assay_py_dict_value(dict);
    return ASSAY_OK;
}

const assay_py_builtin assay_py_dict_fromkeys = {"dict.fromkeys", "keys value=", true, make_from_keys};

static assay_status run_fromkeys(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_call rest = {.items = call->items + 1, .count = call->items[2].type == ASSAY_PY_MISSING ? 1 : 2};
    return assay_py_builtin_call(run, &assay_py_dict_fromkeys, NULL, &rest, out);
}

static const assay_py_builtin dict_methods[] = {
    {"items", "self", true, run_items},    {"keys", "self", true, run_keys},
    {"values", "self", true, run_values},  {"get", "self key default=", true, run_get},
    {"copy", "self", true, run_copy_dict}, {"fromkeys", "self keys value=", true, run_fromkeys},
};
const assay_py_builtin_table assay_py_methods_dict = {dict_methods, sizeof dict_methods / sizeof *dict_methods};

static assay_status run_copy_list(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *copy;
    ASSAY_TRY(assay_py_value_collect(run, &call->items[0], ASSAY_PY_LIST_LIST, &copy));
    *out = assay_py_list_value(copy);
    return ASSAY_OK;
}

static assay_status run_count(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_iter iter;
    assay_py_value item;
    int64_t count = 0;
    bool equal;
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    while (assay_py_iter_next(&iter, &item)) {
        ASSAY_TRY(assay_py_value_equal(run, &item, &call->items[1], &equal));
        count += equal;
    }
    *out = assay_py_value_int(count);
    return ASSAY_OK;
}

static assay_status run_index(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_iter iter;
    assay_py_value item;
    int64_t length, start, stop;
    bool equal;
    ASSAY_TRY(assay_py_value_length(run, &call->items[0], &length));
    ASSAY_TRY(assay_py_argument_int(run, &call->items[2], 0, "the start of index()", &start));
    ASSAY_TRY(assay_py_argument_int(run, &call->items[3], INT64_MAX, "the end of index()", &stop));
    if (start < 0) start += length;
    if (stop < 0) stop += length;
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[0]));
    for (int64_t i = 0; assay_py_iter_next(&iter, &item); i++) {
        if (i < start || i >= stop) continue;
        ASSAY_TRY(assay_py_value_equal(run, &item, &call->items[1], &equal));
        *out = assay_py_value_int(i);
        if (equal) return ASSAY_OK;
    }
    return assay_py_run_fail(run, "index() does not find the value");
}

static const assay_py_builtin list_methods[] = {
    {"count", "self value", true, run_count},
    {"index", "self value start= stop=", true, run_index},
    {"copy", "self", true, run_copy_list},
};
const assay_py_builtin_table assay_py_methods_list = {list_methods, sizeof list_methods / sizeof *list_methods};

static assay_status run_is_integer(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    double real = assay_py_value_real(&call->items[0]);
    (void)run;
    *out = assay_py_value_bool(isfinite(real) && floor(real) == real);
    return ASSAY_OK;
}

static const assay_py_builtin number_methods[] = {{"is_integer", "self", true, run_is_integer}};
const assay_py_builtin_table assay_py_methods_number = {number_methods, 1};
