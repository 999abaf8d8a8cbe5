/* object.name and object[key] in the order of the sandbox: an attribute first and the item second, or the other way
 * round. Attributes are methods, a namespace's variables, and what loops, macros, groups and numbers have. What begins
 * with an underscore is hidden, and so are methods that would change their object. */
#include "jinja/jinja_eval.h"
#include "jinja/jinja_print.h"
#include "jinja/jinja_text.h"

#include <string.h>

assay_status assay_jvalue_undefined(assay_jrun *run, const char *hint, const assay_jvalue *object,
                                    const assay_jvalue *name, bool unsafe, assay_jvalue *out)
{
    void *memory;
    const char *type = object ? assay_jvalue_type_name(object) : NULL;
    assay_jvalue called = name ? *name : (assay_jvalue){0};
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jundefined), &memory));
    assay_jundefined *made = memory;
    *made = (assay_jundefined){hint, type, called, unsafe};
    *out = (assay_jvalue){.type = ASSAY_J_UNDEFINED, .as.undefined = made};
    return ASSAY_OK;
}

assay_status assay_jvalue_undefined_error(assay_jrun *run, const assay_jvalue *value)
{
    const assay_jundefined *origin = value->as.undefined;
    assay_jbuild build = {0};
    if (!origin) return assay_jrun_fail(run, "an undefined value is used");
    if (origin->name.type != ASSAY_J_MISSING) ASSAY_TRY(assay_jprint_repr(run, &build, &origin->name));
    int size = build.size < 80 ? (int)build.size : 80;
    const char *name = build.data ? build.data : "";
    if (origin->unsafe)
        return assay_jrun_fail(run, "access to %.*s of a %s is not allowed", size, name, origin->object_type);
    if (origin->hint) return assay_jrun_fail(run, "%s%s%.*s", origin->hint, size ? ": " : "", size, name);
    if (!origin->object_type) return assay_jrun_fail(run, "%.*s is undefined", size, name);
    return assay_jrun_fail(run, "a %s has no element %.*s", origin->object_type, size, name);
}

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
    if (assay_jvalue_is_text(name, "name")) *out = assay_jmacro_name(macro);
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
        assay_jvalue_is_text(name, "fromkeys")) {
        assay_jvalue full = assay_jvalue_literal("dict.fromkeys");
        *out = (assay_jvalue){.type = ASSAY_J_FUNCTION, .as.builtin = assay_jglobal_find(&full)};
    }
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

static assay_status item_of_list(const assay_jlist *list, int64_t index, assay_jvalue *out)
{
    if (index < 0) index += (int64_t)list->count;
    if (list->kind <= ASSAY_JLIST_GROUP && index >= 0 && index < (int64_t)list->count) *out = list->items[index];
    return ASSAY_OK;
}

static assay_status item_of_text(assay_jrun *run, const assay_jvalue *text, int64_t index, assay_jvalue *out)
{
    if (index < 0) index += (int64_t)assay_jtext_length(text);
    if (!text->ascii) ASSAY_TRY(assay_jrun_charge(run, text->size));
    size_t at = index < 0 ? text->size : assay_jtext_offset(text, (size_t)index);
    if (at >= text->size) return ASSAY_OK;
    bool markup = text->markup;
    *out = assay_jtext_part(text, at, at + assay_jtext_step(text, at));
    out->markup = markup;
    return ASSAY_OK;
}

/* Python's object[key]; MISSING: no such item, or nothing that has items. */
static assay_status find_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key, assay_jvalue *out)
{
    int64_t index;
    *out = (assay_jvalue){0};
    if (object->type == ASSAY_J_DICT)
        return assay_jvalue_is_hashable(key) ? assay_jdict_get(run, object->as.dict, key, out) : ASSAY_OK;
    if (!assay_jvalue_is_whole(key, &index)) return ASSAY_OK;
    if (object->type == ASSAY_J_LIST) return item_of_list(object->as.list, index, out);
    if (object->type == ASSAY_J_TEXT) return item_of_text(run, object, index, out);
    if (object->type != ASSAY_J_RANGE) return ASSAY_OK;
    if (index < 0) index += object->as.range->count;
    if (index >= 0 && index < object->as.range->count)
        *out = assay_jvalue_int(object->as.range->start + index * object->as.range->step);
    return ASSAY_OK;
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
    if (out->type == ASSAY_J_MISSING) ASSAY_TRY(find_item(run, &held, name, out));
    return out->type == ASSAY_J_MISSING ? assay_jvalue_undefined(run, NULL, &held, name, false, out) : ASSAY_OK;
}

assay_status assay_jvalue_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key, assay_jvalue *out)
{
    if (object->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, object);
    assay_jvalue held = *object, wanted = *key;
    ASSAY_TRY(find_item(run, &held, &wanted, out));
    if (out->type == ASSAY_J_MISSING && wanted.type == ASSAY_J_TEXT)
        ASSAY_TRY(find_attribute(run, &held, &wanted, out));
    return out->type == ASSAY_J_MISSING ? assay_jvalue_undefined(run, NULL, &held, &wanted, false, out) : ASSAY_OK;
}

/* PySlice_AdjustIndices: where walking starts and how many steps it takes. */
static int64_t adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step)
{
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    if (*start < 0) *start = *start + length < low ? low : *start + length;
    else if (*start > high) *start = high;
    if (*stop < 0) *stop = *stop + length < low ? low : *stop + length;
    else if (*stop > high) *stop = high;
    if (step < 0) return *stop < *start ? (*start - *stop - 1) / -step + 1 : 0;
    return *start < *stop ? (*stop - *start - 1) / step + 1 : 0;
}

static assay_status slice_bound(assay_jrun *run, const assay_jvalue *bound, int64_t missing, int64_t *out)
{
    *out = missing;
    if (bound->type == ASSAY_J_MISSING || bound->type == ASSAY_J_NONE || assay_jvalue_is_whole(bound, out))
        return ASSAY_OK;
    return assay_jrun_fail(run, "the bounds of a slice must be whole numbers or None, not '%s'",
                           assay_jvalue_type_name(bound));
}

static assay_status slice_text(assay_jrun *run, const assay_jvalue *text, int64_t start, int64_t count, int64_t step,
                               assay_jvalue *out)
{
    assay_jbuild build = {0};
    bool markup = text->markup;
    ASSAY_TRY(assay_jrun_charge(run, text->size));
    size_t at = count > 0 ? assay_jtext_offset(text, (size_t)start) : 0;
    if (step == 1) {
        assay_jvalue rest = assay_jtext_part(text, at, text->size);
        *out = assay_jtext_part(text, at, at + (count > 0 ? assay_jtext_offset(&rest, (size_t)count) : 0));
        out->markup = markup;
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_jbuild_bytes(run, &build, text->as.text + at, assay_jtext_step(text, at)));
        for (int64_t k = 0; i + 1 < count && k < step; k++) at += assay_jtext_step(text, at);
        for (int64_t k = 0; i + 1 < count && k > step; k--) at -= assay_jtext_back(text, at);
    }
    *out = assay_jbuild_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status slice_list(assay_jrun *run, const assay_jlist *list, int64_t start, int64_t count, int64_t step,
                               assay_jvalue *out)
{
    assay_jlist *part;
    ASSAY_TRY(assay_jlist_new(run, list->kind == ASSAY_JLIST_LIST ? ASSAY_JLIST_LIST : ASSAY_JLIST_TUPLE, (size_t)count,
                              &part));
    for (int64_t i = 0; i < count; i++) ASSAY_TRY(assay_jlist_push(run, part, list->items[start + i * step]));
    *out = assay_jlist_value(part);
    return ASSAY_OK;
}

static assay_status slice_range(assay_jrun *run, const assay_jrange *range, int64_t start, int64_t stop, int64_t count,
                                int64_t step, assay_jvalue *out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jrange), &memory));
    assay_jrange *part = memory;
    *part = (assay_jrange){range->start + start * range->step, range->start + stop * range->step, 0, count};
    if (__builtin_mul_overflow(range->step, step, &part->step))
        return assay_jrun_fail(run, "a slice of a range with too large a step");
    *out = (assay_jvalue){.type = ASSAY_J_RANGE, .as.range = part};
    return ASSAY_OK;
}

assay_status assay_jvalue_slice(assay_jrun *run, const assay_jvalue *object, const assay_jvalue bounds[3],
                                assay_jvalue *out)
{
    int64_t start, stop, step, length;
    assay_jvalue held = *object;
    if (held.type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, &held);
    if (held.type != ASSAY_J_TEXT && held.type != ASSAY_J_RANGE && !assay_jvalue_is_sequence(&held))
        return assay_jrun_fail(run, "a value of type '%s' cannot be sliced", assay_jvalue_type_name(&held));
    ASSAY_TRY(slice_bound(run, &bounds[2], 1, &step));
    if (step == 0) return assay_jrun_fail(run, "the step of a slice cannot be zero");
    if (step < -INT64_MAX) step = -INT64_MAX;
    ASSAY_TRY(slice_bound(run, &bounds[0], step < 0 ? INT64_MAX : 0, &start));
    ASSAY_TRY(slice_bound(run, &bounds[1], step < 0 ? INT64_MIN : INT64_MAX, &stop));
    ASSAY_TRY(assay_jvalue_length(run, &held, &length));
    if (start < -length - 1) start = -length - 1;
    if (stop < -length - 1) stop = -length - 1;
    int64_t count = adjust(length, &start, &stop, step);
    if (held.type == ASSAY_J_TEXT) return slice_text(run, &held, start, count, step, out);
    if (held.type == ASSAY_J_RANGE) return slice_range(run, held.as.range, start, stop, count, step, out);
    return slice_list(run, held.as.list, start, count, step, out);
}
