/* Which type has which methods, and those of cyclers. What would change its object is listed as hidden: the sandbox is
 * immutable. */
#include "jinja/jinja_methods.h"

#include "jinja/jinja_loop.h"
#include "python/py_methods.h"

static const char *const hidden_of_dict[] = {"clear", "pop", "popitem", "setdefault", "update", NULL};
static const char *const hidden_of_list[] = {"append", "clear",  "pop",    "reverse", "insert",
                                             "sort",   "extend", "remove", NULL};

static bool is_among(const char *const *names, const assay_jvalue *name)
{
    for (; *names; names++)
        if (assay_jvalue_is_text(name, *names)) return true;
    return false;
}

static assay_status run_next(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jcycler *cycler = call->items[0].as.cycler;
    (void)run;
    *out = cycler->items[cycler->cursor];
    cycler->cursor = (cycler->cursor + 1) % cycler->count;
    return ASSAY_OK;
}

static assay_status run_reset(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    call->items[0].as.cycler->cursor = 0;
    *out = assay_jvalue_none();
    return ASSAY_OK;
}

static const assay_jbuiltin cycler_methods[] = {
    {"next", "self", true, run_next},
    {"reset", "self", true, run_reset},
};
static const assay_jbuiltin_table methods_of_cycler = {cycler_methods, sizeof cycler_methods / sizeof *cycler_methods};

const assay_jbuiltin *assay_jmethod_find(const assay_jvalue *object, const assay_jvalue *name, bool *hidden)
{
    const assay_jbuiltin *found;
    *hidden = (object->type == ASSAY_J_DICT && is_among(hidden_of_dict, name)) ||
              (assay_jvalue_is_list(object, ASSAY_JLIST_LIST) && is_among(hidden_of_list, name));
    if (*hidden) return NULL;
    switch ((assay_jtype)object->type) {
    case ASSAY_J_TEXT:
        found = assay_jbuiltin_find(&assay_jmethods_text, name);
        return found ? found : assay_jbuiltin_find(&assay_jmethods_text_test, name);
    case ASSAY_J_DICT:
        return assay_jbuiltin_find(&assay_jmethods_dict, name);
    case ASSAY_J_LIST:
        found = assay_jvalue_is_sequence(object) ? assay_jbuiltin_find(&assay_jmethods_list, name) : NULL;
        return found && object->as.list->kind != ASSAY_JLIST_LIST && assay_jvalue_is_text(name, "copy") ? NULL : found;
    case ASSAY_J_RANGE:
        found = assay_jbuiltin_find(&assay_jmethods_list, name);
        return found && assay_jvalue_is_text(name, "copy") ? NULL : found;
    case ASSAY_J_LOOP:
        return assay_jbuiltin_find(&assay_jmethods_loop, name);
    case ASSAY_J_CYCLER:
        return assay_jbuiltin_find(&methods_of_cycler, name);
    case ASSAY_J_FLOAT:
        return assay_jbuiltin_find(&assay_jmethods_number, name);
    default:
        return NULL;
    }
}
