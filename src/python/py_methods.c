/* The methods of dicts, lists and numbers that leave their object as it is. */
#include "python/py_methods.h"

#include "python/py_dict.h"
#include "python/py_run.h"

#include <math.h>

static assay_status view_of(assay_jrun *run, const assay_jdict *dict, assay_jlist_kind kind, assay_jvalue *out)
{
    assay_jlist *list, *pair;
    ASSAY_TRY(assay_jlist_new(run, kind, dict->count, &list));
    for (size_t i = 0; i < dict->count; i++) {
        const assay_jentry *entry = &dict->entries[i];
        assay_jvalue item = kind == ASSAY_JLIST_KEYS ? entry->key : entry->value;
        if (kind == ASSAY_JLIST_ITEMS) {
            ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, 2, &pair));
            ASSAY_TRY(assay_jlist_push(run, pair, entry->key));
            ASSAY_TRY(assay_jlist_push(run, pair, entry->value));
            item = assay_jlist_value(pair);
        }
        ASSAY_TRY(assay_jlist_push(run, list, item));
    }
    *out = assay_jlist_value(list);
    return ASSAY_OK;
}

static assay_status run_keys(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_JLIST_KEYS, out);
}

static assay_status run_values(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_JLIST_VALUES, out);
}

static assay_status run_items(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return view_of(run, call->items[0].as.dict, ASSAY_JLIST_ITEMS, out);
}

static assay_status run_get(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    ASSAY_TRY(assay_jdict_get(run, call->items[0].as.dict, &call->items[1], out));
    if (out->type == ASSAY_J_MISSING)
        *out = call->items[2].type == ASSAY_J_MISSING ? assay_jvalue_none() : call->items[2];
    return ASSAY_OK;
}

static assay_status run_copy_dict(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jdict *copy;
    ASSAY_TRY(assay_jdict_new(run, call->items[0].as.dict->count, &copy));
    ASSAY_TRY(assay_jdict_put_all(run, copy, call->items[0].as.dict));
    *out = assay_jdict_value(copy);
    return ASSAY_OK;
}

static assay_status make_from_keys(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jdict *dict;
    assay_jiter iter;
    assay_jvalue key, value = call->items[1].type == ASSAY_J_MISSING ? assay_jvalue_none() : call->items[1];
    ASSAY_TRY(assay_jdict_new(run, 0, &dict));
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &key)) ASSAY_TRY(assay_jdict_put(run, dict, &key, &value));
    *out = assay_jdict_value(dict);
    return ASSAY_OK;
}

const assay_jbuiltin assay_jdict_fromkeys = {"dict.fromkeys", "keys value=", true, make_from_keys};

static assay_status run_fromkeys(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jcall rest = {.items = call->items + 1, .count = call->items[2].type == ASSAY_J_MISSING ? 1 : 2};
    return assay_jbuiltin_call(run, &assay_jdict_fromkeys, NULL, &rest, out);
}

static const assay_jbuiltin dict_methods[] = {
    {"items", "self", true, run_items},    {"keys", "self", true, run_keys},
    {"values", "self", true, run_values},  {"get", "self key default=", true, run_get},
    {"copy", "self", true, run_copy_dict}, {"fromkeys", "self keys value=", true, run_fromkeys},
};
const assay_jbuiltin_table assay_jmethods_dict = {dict_methods, sizeof dict_methods / sizeof *dict_methods};

static assay_status run_copy_list(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *copy;
    ASSAY_TRY(assay_jvalue_collect(run, &call->items[0], ASSAY_JLIST_LIST, &copy));
    *out = assay_jlist_value(copy);
    return ASSAY_OK;
}

static assay_status run_count(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jiter iter;
    assay_jvalue item;
    int64_t count = 0;
    bool equal;
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    while (assay_jiter_next(&iter, &item)) {
        ASSAY_TRY(assay_jvalue_equal(run, &item, &call->items[1], &equal));
        count += equal;
    }
    *out = assay_jvalue_int(count);
    return ASSAY_OK;
}

static assay_status run_index(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jiter iter;
    assay_jvalue item;
    int64_t length, start, stop;
    bool equal;
    ASSAY_TRY(assay_jvalue_length(run, &call->items[0], &length));
    ASSAY_TRY(assay_jargument_int(run, &call->items[2], 0, "the start of index()", &start));
    ASSAY_TRY(assay_jargument_int(run, &call->items[3], INT64_MAX, "the end of index()", &stop));
    if (start < 0) start += length;
    if (stop < 0) stop += length;
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[0]));
    for (int64_t i = 0; assay_jiter_next(&iter, &item); i++) {
        if (i < start || i >= stop) continue;
        ASSAY_TRY(assay_jvalue_equal(run, &item, &call->items[1], &equal));
        *out = assay_jvalue_int(i);
        if (equal) return ASSAY_OK;
    }
    return assay_jrun_fail(run, "index() does not find the value");
}

static const assay_jbuiltin list_methods[] = {
    {"count", "self value", true, run_count},
    {"index", "self value start= stop=", true, run_index},
    {"copy", "self", true, run_copy_list},
};
const assay_jbuiltin_table assay_jmethods_list = {list_methods, sizeof list_methods / sizeof *list_methods};

static assay_status run_is_integer(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    double real = assay_jvalue_real(&call->items[0]);
    (void)run;
    *out = assay_jvalue_bool(isfinite(real) && floor(real) == real);
    return ASSAY_OK;
}

static const assay_jbuiltin number_methods[] = {{"is_integer", "self", true, run_is_integer}};
const assay_jbuiltin_table assay_jmethods_number = {number_methods, 1};
