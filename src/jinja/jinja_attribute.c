/* object.name and object[key] in the order of the sandbox: an attribute first and the item second, or the other way
 * round. Attributes are methods, a namespace's variables, and what loops, macros, groups and numbers have. What begins
 * with an underscore is hidden, and so are methods that would change their object. */
#include "jinja/jinja_attribute.h"

#include "jinja/jinja_ast.h"
#include "jinja/jinja_loop.h"
#include "jinja/jinja_methods.h"
#include "python/py_dict.h"
#include "python/py_item.h"
#include "python/py_methods.h"
#include "python/py_run.h"
#include "python/py_undefined.h"

#include <string.h>

static bool is_hidden(const assay_py_value *name) { return name->size > 0 && name->as.text[0] == '_'; }

/* What every object has in Python, and nobody may have here. */
static bool is_python_attribute(const assay_py_value *name)
{
    static const char *const names[] = {"__class__",  "__doc__",          "__init__",        "__eq__",
                                        "__len__",    "__getitem__",      "__iter__",        "__contains__",
                                        "__str__",    "__repr__",         "__hash__",        "__dict__",
                                        "__reduce__", "__subclasshook__", "__getattribute__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (assay_py_value_is_text(name, names[i])) return true;
    return false;
}

static assay_status bind_method(assay_py_run *run, const assay_py_value *object, const assay_py_builtin *method,
                                assay_py_value *out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_method_bound), &memory));
    assay_py_method_bound *bound = memory;
    *bound = (assay_py_method_bound){*object, method};
    *out = (assay_py_value){.type = ASSAY_PY_METHOD, .as.method = bound};
    return ASSAY_OK;
}

static assay_status macro_attribute(assay_py_run *run, const assay_py_macro *macro, const assay_py_value *name,
                                    assay_py_value *out)
{
    assay_py_list *list;
    if (assay_py_value_is_text(name, "name")) *out = macro->name;
    if (assay_py_value_is_text(name, "caller")) *out = assay_py_value_bool(macro->node->op & ASSAY_JINJA_USES_CALLER);
    if (assay_py_value_is_text(name, "catch_kwargs"))
        *out = assay_py_value_bool(macro->node->op & ASSAY_JINJA_USES_KWARGS);
    if (assay_py_value_is_text(name, "catch_varargs"))
        *out = assay_py_value_bool(macro->node->op & ASSAY_JINJA_USES_VARARGS);
    if (!assay_py_value_is_text(name, "arguments")) return ASSAY_OK;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, 0, &list));
    for (const assay_py_node *given = macro->node->b; given; given = given->next)
        ASSAY_TRY(assay_py_list_push(run, list, given->name->text));
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static void number_attribute(const assay_py_value *number, const assay_py_value *name, assay_py_value *out)
{
    int64_t whole;
    bool is_whole = assay_py_value_is_whole(number, &whole);
    if (assay_py_value_is_text(name, "real")) *out = is_whole ? assay_py_value_int(whole) : *number;
    if (assay_py_value_is_text(name, "imag")) *out = is_whole ? assay_py_value_int(0) : assay_py_value_float(0);
    if (is_whole && assay_py_value_is_text(name, "numerator")) *out = assay_py_value_int(whole);
    if (is_whole && assay_py_value_is_text(name, "denominator")) *out = assay_py_value_int(1);
}

static assay_status own_attribute(assay_py_run *run, const assay_py_value *object, const assay_py_value *name,
                                  assay_py_value *out)
{
    if (object->type == ASSAY_PY_NAMESPACE) return assay_py_dict_get(run, object->as.dict, name, out);
    if (object->type == ASSAY_PY_LOOP) return assay_jinja_loop_attribute(run, object->as.loop, name, out);
    if (object->type == ASSAY_PY_MACRO) return macro_attribute(run, object->as.macro, name, out);
    if (object->type == ASSAY_PY_CYCLER && assay_py_value_is_text(name, "current"))
        *out = object->as.cycler->items[object->as.cycler->cursor];
    if (assay_py_value_is_number(object)) number_attribute(object, name, out);
    if (assay_py_value_is_list(object, ASSAY_PY_LIST_GROUP)) {
        if (assay_py_value_is_text(name, "grouper")) *out = object->as.list->items[0];
        if (assay_py_value_is_text(name, "list")) *out = object->as.list->items[1];
    }
    if (object->type == ASSAY_PY_FUNCTION && strcmp(object->as.builtin->name, "dict") == 0 &&
        assay_py_value_is_text(name, "fromkeys"))
        *out = (assay_py_value){.type = ASSAY_PY_FUNCTION, .as.builtin = &assay_py_dict_fromkeys};
    return ASSAY_OK;
}

/* Python's getattr(); MISSING: no such attribute. */
static assay_status find_attribute(assay_py_run *run, const assay_py_value *object, const assay_py_value *name,
                                   assay_py_value *out)
{
    bool hidden = false;
    *out = (assay_py_value){0};
    if (is_hidden(name) && object->type != ASSAY_PY_NAMESPACE) {
        if (is_python_attribute(name)) return assay_py_value_undefined(run, NULL, object, name, true, out);
        return ASSAY_OK;
    }
    ASSAY_TRY(own_attribute(run, object, name, out));
    if (out->type != ASSAY_PY_MISSING || object->type == ASSAY_PY_NAMESPACE) return ASSAY_OK;
    const assay_py_builtin *method = assay_jinja_method_find(object, name, &hidden);
    if (hidden) return assay_py_value_undefined(run, NULL, object, name, true, out);
    return method ? bind_method(run, object, method, out) : ASSAY_OK;
}

assay_status assay_jinja_value_only_attribute(assay_py_run *run, const assay_py_value *object,
                                              const assay_py_value *name, assay_py_value *out)
{
    if (object->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, object);
    ASSAY_TRY(find_attribute(run, object, name, out));
    return out->type == ASSAY_PY_MISSING ? assay_py_value_undefined(run, NULL, object, name, false, out) : ASSAY_OK;
}

assay_status assay_jinja_value_attribute(assay_py_run *run, const assay_py_value *object, const assay_py_value *name,
                                         assay_py_value *out)
{
    if (object->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, object);
    assay_py_value held = *object;
    ASSAY_TRY(find_attribute(run, &held, name, out));
    if (out->type == ASSAY_PY_MISSING) ASSAY_TRY(assay_py_value_find_item(run, &held, name, out));
    return out->type == ASSAY_PY_MISSING ? assay_py_value_undefined(run, NULL, &held, name, false, out) : ASSAY_OK;
}

assay_status assay_jinja_value_item(assay_py_run *run, const assay_py_value *object, const assay_py_value *key,
                                    assay_py_value *out)
{
    if (object->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, object);
    assay_py_value held = *object, wanted = *key;
    ASSAY_TRY(assay_py_value_find_item(run, &held, &wanted, out));
    if (out->type == ASSAY_PY_MISSING && wanted.type == ASSAY_PY_TEXT)
        ASSAY_TRY(find_attribute(run, &held, &wanted, out));
    return out->type == ASSAY_PY_MISSING ? assay_py_value_undefined(run, NULL, &held, &wanted, false, out) : ASSAY_OK;
}
