/* Which type has which methods, and those of cyclers. What would change its object is listed as hidden: the sandbox is
 * immutable. */
#include "jinja/jinja_methods.h"

#include "jinja/jinja_loop.h"
#include "python/py_methods.h"

static const char *const hidden_of_dict[] = {"clear", "pop", "popitem", "setdefault", "update", NULL};
static const char *const hidden_of_list[] = {"append", "clear",  "pop",    "reverse", "insert",
                                             "sort",   "extend", "remove", NULL};

static bool is_among(const char *const *names, const assay_py_value *name)
{
    for (; *names; names++)
        if (assay_py_value_is_text(name, *names)) return true;
    return false;
}

static assay_status run_next(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_cycler *cycler = call->items[0].as.cycler;
    (void)run;
    *out = cycler->items[cycler->cursor];
    cycler->cursor = (cycler->cursor + 1) % cycler->count;
    return ASSAY_OK;
}

static assay_status run_reset(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    call->items[0].as.cycler->cursor = 0;
    *out = assay_py_value_none();
    return ASSAY_OK;
}

static const assay_py_builtin cycler_methods[] = {
    {"next", "self", true, run_next},
    {"reset", "self", true, run_reset},
};
static const assay_py_builtin_table methods_of_cycler = {cycler_methods,
                                                         sizeof cycler_methods / sizeof *cycler_methods};

const assay_py_builtin *assay_jinja_method_find(const assay_py_value *object, const assay_py_value *name, bool *hidden)
{
    const assay_py_builtin *found;
    *hidden = (object->type == ASSAY_PY_DICT && is_among(hidden_of_dict, name)) ||
              (assay_py_value_is_list(object, ASSAY_PY_LIST_LIST) && is_among(hidden_of_list, name));
    if (*hidden) return NULL;
    switch ((assay_py_type)object->type) {
    case ASSAY_PY_TEXT:
        found = assay_py_builtin_find(&assay_py_methods_text, name);
        return found ? found : assay_py_builtin_find(&assay_py_methods_text_test, name);
    case ASSAY_PY_DICT:
        return assay_py_builtin_find(&assay_py_methods_dict, name);
    case ASSAY_PY_LIST:
        found = assay_py_value_is_sequence(object) ? assay_py_builtin_find(&assay_py_methods_list, name) : NULL;
        return found && object->as.list->kind != ASSAY_PY_LIST_LIST && assay_py_value_is_text(name, "copy") ? NULL
                                                                                                            : found;
    case ASSAY_PY_RANGE:
        found = assay_py_builtin_find(&assay_py_methods_list, name);
        return found && assay_py_value_is_text(name, "copy") ? NULL : found;
    case ASSAY_PY_LOOP:
        return assay_py_builtin_find(&assay_jinja_methods_loop, name);
    case ASSAY_PY_CYCLER:
        return assay_py_builtin_find(&methods_of_cycler, name);
    case ASSAY_PY_FLOAT:
        return assay_py_builtin_find(&assay_py_methods_number, name);
    default:
        return NULL;
    }
}
