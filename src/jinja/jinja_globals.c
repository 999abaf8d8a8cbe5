/* The functions a template can call by name. */
#include "jinja/jinja_tables.h"
#include "python/py_date.h"
#include "python/py_dict.h"
#include "python/py_print.h"
#include "python/py_run.h"

static assay_status run_range(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    enum { MAX_RANGE = 100000 };
    void *memory;
    int64_t bounds[3] = {0, 0, 1};
    if (call->named || call->count < 1 || call->count > 3)
        return assay_py_run_fail(run, "range() takes one to three whole numbers");
    for (size_t i = 0; i < call->count; i++)
        ASSAY_TRY(assay_py_argument_int(run, &call->items[i], 0, "an argument of range()",
                                        &bounds[call->count == 1 ? 1 : i]));
    if (bounds[2] == 0) return assay_py_run_fail(run, "the step of range() cannot be zero");
    __int128 span = bounds[2] > 0 ? (__int128)bounds[1] - bounds[0] : (__int128)bounds[0] - bounds[1];
    __int128 step = bounds[2] > 0 ? bounds[2] : -(__int128)bounds[2], count = span > 0 ? (span - 1) / step + 1 : 0;
    if (count > MAX_RANGE) return assay_py_run_fail(run, "a range of more than %d numbers is not allowed", MAX_RANGE);
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_range), &memory));
    assay_py_range *range = memory;
    *range = (assay_py_range){bounds[0], bounds[1], bounds[2], (int64_t)count};
    *out = (assay_py_value){.type = ASSAY_PY_RANGE, .as.range = range};
    return ASSAY_OK;
}

static assay_status add_pairs(assay_py_run *run, assay_py_dict *dict, const assay_py_value *source)
{
    assay_py_iter iter;
    assay_py_value item;
    assay_py_list *pair;
    if (source->type == ASSAY_PY_DICT) return assay_py_dict_put_all(run, dict, source->as.dict);
    ASSAY_TRY(assay_py_iter_start(run, &iter, source));
    while (assay_py_iter_next(&iter, &item)) {
        ASSAY_TRY(assay_py_value_collect(run, &item, ASSAY_PY_LIST_LIST, &pair));
        if (pair->count != 2) return assay_py_run_fail(run, "dict() wants pairs of a key and a value");
        ASSAY_TRY(assay_py_dict_put(run, dict, &pair->items[0], &pair->items[1]));
    }
    return ASSAY_OK;
}

static assay_status make_dict(assay_py_run *run, const assay_py_call *call, const char *what, assay_py_dict **out)
{
    ASSAY_TRY(assay_py_dict_new(run, call->named, out));
    if (call->count > 1) return assay_py_run_fail(run, "%s() takes one dict or list of pairs, and names", what);
    if (call->count) ASSAY_TRY(add_pairs(run, *out, &call->items[0]));
    for (size_t i = 0; i < call->named; i++) ASSAY_TRY(assay_py_dict_put(run, *out, &call->names[i], &call->values[i]));
    return ASSAY_OK;
}

static assay_status run_dict(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_dict *dict;
    ASSAY_TRY(make_dict(run, call, "dict", &dict));
    *out = assay_py_dict_value(dict);
    return ASSAY_OK;
}

static assay_status run_namespace(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_dict *dict;
    ASSAY_TRY(make_dict(run, call, "namespace", &dict));
    for (size_t i = 0; i < dict->count; i++) {
        const assay_py_value *key = &dict->entries[i].key;
        if (key->type == ASSAY_PY_TEXT && key->size && key->as.text[0] == '_')
            return assay_py_run_fail(run, "a namespace takes no names that begin with _");
    }
    *out = (assay_py_value){.type = ASSAY_PY_NAMESPACE, .as.dict = dict};
    return ASSAY_OK;
}

static assay_status run_raise(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)out;
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], false, &text));
    return assay_py_run_fail(run, "the template refuses this: %.*s", text.size < 1000 ? (int)text.size : 1000,
                             text.as.text);
}

static assay_status run_strftime(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    ASSAY_TRY(assay_py_argument_text(run, &call->items[0], "the format of strftime_now()"));
    return assay_py_date_print(run, &call->items[0], out);
}

static assay_status make_cycler(assay_py_run *run, const assay_py_value *items, size_t count, assay_py_type type,
                                assay_py_value *out)
{
    void *memory, *copy;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_cycler), &memory));
    ASSAY_TRY(assay_py_run_alloc(run, count, sizeof(assay_py_value), &copy));
    for (size_t i = 0; i < count; i++) ((assay_py_value *)copy)[i] = items[i];
    assay_py_cycler *cycler = memory;
    *cycler = (assay_py_cycler){copy, count, 0};
    *out = (assay_py_value){.type = (uint8_t)type, .as.cycler = cycler};
    return ASSAY_OK;
}

static assay_status run_cycler(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    if (!call->count || call->named) return assay_py_run_fail(run, "cycler() needs at least one value");
    return make_cycler(run, call->items, call->count, ASSAY_PY_CYCLER, out);
}

static assay_status run_joiner(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value between = call->items[0].type == ASSAY_PY_MISSING ? assay_py_value_literal(", ") : call->items[0];
    return make_cycler(run, &between, 1, ASSAY_PY_JOINER, out);
}

static assay_status run_lipsum(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)call;
    (void)out;
    return assay_py_run_unsupported(run, "lipsum() makes random text: it is not supported");
}

static const assay_py_builtin globals[] = {
    {"range", NULL, true, run_range},
    {"dict", NULL, false, run_dict},
    {"namespace", NULL, false, run_namespace},
    {"raise_exception", "message", false, run_raise},
    {"strftime_now", "format", false, run_strftime},
    {"cycler", NULL, false, run_cycler},
    {"joiner", "sep=", false, run_joiner},
    {"lipsum", NULL, false, run_lipsum},
};

const assay_py_builtin *assay_jinja_global_find(const assay_py_value *name)
{
    static const assay_py_builtin_table table = {globals, sizeof globals / sizeof *globals};
    return assay_py_builtin_find(&table, name);
}
