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

static bool is_hidden(const assay_jvalue *name) { return name->size > 0 && name->as.text[0] == '_'; }

/* What every object has in Python, and nobody may have here. */
static bool is_python_attribute(const assay_jvalue *name)
{
    static const char *const names[] = {"__class__",  "__doc__",          "__init__",        "__eq__",
                                        "__len__",    "__getitem__",      "__iter__",        "__contains__",
                                        "__str__",    "__repr__",         "__hash__",        "__dict__",
                                        "__reduce__", "__subclasshook__", "__getattribute__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (assay_jvalue_is_text(name, names[i])) return true;
    return false;
}

static assay_status bind_method(assay_jrun *run, const assay_jvalue *object, const assay_jbuiltin *method,
                                assay_jvalue *out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jmethod_bound), &memory));
    assay_jmethod_bound *bound = memory;
    *bound = (assay_jmethod_bound){*object, method};
    *out = (assay_jvalue){.type = ASSAY_J_METHOD, .as.method = bound};
    return ASSAY_OK;
}

static assay_status macro_attribute(assay_jrun *run, const assay_jmacro *macro, const assay_jvalue *name,
                                    assay_jvalue *out)
{
    assay_jlist *list;
    if (assay_jvalue_is_text(name, "name")) *out = macro->name;
    if (assay_jvalue_is_text(name, "caller")) *out = assay_jvalue_bool(macro->node->op & ASSAY_JUSES_CALLER);
    if (assay_jvalue_is_text(name, "catch_kwargs")) *out = assay_jvalue_bool(macro->node->op & ASSAY_JUSES_KWARGS);
    if (assay_jvalue_is_text(name, "catch_varargs")) *out = assay_jvalue_bool(macro->node->op & ASSAY_JUSES_VARARGS);
    if (!assay_jvalue_is_text(name, "arguments")) return ASSAY_OK;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, 0, &list));
    for (const assay_jnode *given = macro->node->b; given; given = given->next)
        ASSAY_TRY(assay_jlist_push(run, list, given->name->text));
    *out = assay_jlist_value(list);
    return ASSAY_OK;
}

static void number_attribute(const assay_jvalue *number, const assay_jvalue *name, assay_jvalue *out)
{
    int64_t whole;
    bool is_whole = assay_jvalue_is_whole(number, &whole);
    if (assay_jvalue_is_text(name, "real")) *out = is_whole ? assay_jvalue_int(whole) : *number;
    if (assay_jvalue_is_text(name, "imag")) *out = is_whole ? assay_jvalue_int(0) : assay_jvalue_float(0);
    if (is_whole && assay_jvalue_is_text(name, "numerator")) *out = assay_jvalue_int(whole);
    if (is_whole && assay_jvalue_is_text(name, "denominator")) *out = assay_jvalue_int(1);
}

static assay_status own_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                  assay_jvalue *out)
{
    if (object->type == ASSAY_J_NAMESPACE) return assay_jdict_get(run, object->as.dict, name, out);
    if (object->type == ASSAY_J_LOOP) return assay_jloop_attribute(run, object->as.loop, name, out);
    if (object->type == ASSAY_J_MACRO) return macro_attribute(run, object->as.macro, name, out);
    if (object->type == ASSAY_J_CYCLER && assay_jvalue_is_text(name, "current"))
        *out = object->as.cycler->items[object->as.cycler->cursor];
    if (assay_jvalue_is_number(object)) number_attribute(object, name, out);
    if (assay_jvalue_is_list(object, ASSAY_JLIST_GROUP)) {
        if (assay_jvalue_is_text(name, "grouper")) *out = object->as.list->items[0];
        if (assay_jvalue_is_text(name, "list")) *out = object->as.list->items[1];
    }
    if (object->type == ASSAY_J_FUNCTION && strcmp(object->as.builtin->name, "dict") == 0 &&
        assay_jvalue_is_text(name, "fromkeys"))
        *out = (assay_jvalue){.type = ASSAY_J_FUNCTION, .as.builtin = &assay_jdict_fromkeys};
    return ASSAY_OK;
}

/* Python's getattr(); MISSING: no such attribute. */
static assay_status find_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                   assay_jvalue *out)
{
    bool hidden = false;
    *out = (assay_jvalue){0};
    if (is_hidden(name) && object->type != ASSAY_J_NAMESPACE) {
        if (is_python_attribute(name)) return assay_jvalue_undefined(run, NULL, object, name, true, out);
        return ASSAY_OK;
    }
    ASSAY_TRY(own_attribute(run, object, name, out));
    if (out->type != ASSAY_J_MISSING || object->type == ASSAY_J_NAMESPACE) return ASSAY_OK;
    const assay_jbuiltin *method = assay_jmethod_find(object, name, &hidden);
    if (hidden) return assay_jvalue_undefined(run, NULL, object, name, true, out);
    return method ? bind_method(run, object, method, out) : ASSAY_OK;
}

assay_status assay_jvalue_only_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                         assay_jvalue *out)
{
    if (object->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, object);
    ASSAY_TRY(find_attribute(run, object, name, out));
    return out->type == ASSAY_J_MISSING ? assay_jvalue_undefined(run, NULL, object, name, false, out) : ASSAY_OK;
}

assay_status assay_jvalue_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                    assay_jvalue *out)
{
    if (object->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, object);
    assay_jvalue held = *object;
    ASSAY_TRY(find_attribute(run, &held, name, out));
    if (out->type == ASSAY_J_MISSING) ASSAY_TRY(assay_jvalue_find_item(run, &held, name, out));
    return out->type == ASSAY_J_MISSING ? assay_jvalue_undefined(run, NULL, &held, name, false, out) : ASSAY_OK;
}

assay_status assay_jvalue_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key, assay_jvalue *out)
{
    if (object->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, object);
    assay_jvalue held = *object, wanted = *key;
    ASSAY_TRY(assay_jvalue_find_item(run, &held, &wanted, out));
    if (out->type == ASSAY_J_MISSING && wanted.type == ASSAY_J_TEXT)
        ASSAY_TRY(find_attribute(run, &held, &wanted, out));
    return out->type == ASSAY_J_MISSING ? assay_jvalue_undefined(run, NULL, &held, &wanted, false, out) : ASSAY_OK;
}
