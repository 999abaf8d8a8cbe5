#include "python/py_value.h"

#include "python/py_dict.h"
#include "python/py_run.h"

#include <math.h>
#include <string.h>

assay_jvalue assay_jvalue_none(void) { return (assay_jvalue){.type = ASSAY_J_NONE}; }
assay_jvalue assay_jvalue_bool(bool truth) { return (assay_jvalue){.type = ASSAY_J_BOOL, .as.truth = truth}; }
assay_jvalue assay_jvalue_int(int64_t whole) { return (assay_jvalue){.type = ASSAY_J_INT, .as.whole = whole}; }
assay_jvalue assay_jvalue_float(double real) { return (assay_jvalue){.type = ASSAY_J_FLOAT, .as.real = real}; }

assay_jvalue assay_jvalue_text(const char *text, size_t size)
{
    return (assay_jvalue){.type = ASSAY_J_TEXT, .size = (uint32_t)size, .as.text = text};
}

assay_jvalue assay_jvalue_literal(const char *text)
{
    assay_jvalue value = assay_jvalue_text(text, strlen(text));
    value.ascii = true;
    return value;
}

const char *assay_jvalue_type_name(const assay_jvalue *value)
{
    static const char *const names[] = {
        [ASSAY_J_MISSING] = "missing",
        [ASSAY_J_UNDEFINED] = "Undefined",
        [ASSAY_J_NONE] = "NoneType",
        [ASSAY_J_BOOL] = "bool",
        [ASSAY_J_INT] = "int",
        [ASSAY_J_FLOAT] = "float",
        [ASSAY_J_TEXT] = "str",
        [ASSAY_J_LIST] = "list",
        [ASSAY_J_DICT] = "dict",
        [ASSAY_J_RANGE] = "range",
        [ASSAY_J_NAMESPACE] = "Namespace",
        [ASSAY_J_MACRO] = "Macro",
        [ASSAY_J_METHOD] = "method",
        [ASSAY_J_FUNCTION] = "function",
        [ASSAY_J_LOOP] = "LoopContext",
        [ASSAY_J_CYCLER] = "Cycler",
        [ASSAY_J_JOINER] = "Joiner",
    };
    static const char *const lists[] = {
        [ASSAY_JLIST_LIST] = "list",           [ASSAY_JLIST_TUPLE] = "tuple",        [ASSAY_JLIST_GROUP] = "tuple",
        [ASSAY_JLIST_KEYS] = "dict_keys",      [ASSAY_JLIST_VALUES] = "dict_values", [ASSAY_JLIST_ITEMS] = "dict_items",
        [ASSAY_JLIST_GENERATOR] = "generator",
    };
    return value->type == ASSAY_J_LIST ? lists[value->as.list->kind] : names[value->type];
}

bool assay_jvalue_is_text(const assay_jvalue *value, const char *text)
{
    return value->type == ASSAY_J_TEXT && strlen(text) == value->size && memcmp(value->as.text, text, value->size) == 0;
}

bool assay_jvalue_truth(const assay_jvalue *value)
{
    switch ((assay_jtype)value->type) {
    case ASSAY_J_MISSING:
    case ASSAY_J_UNDEFINED:
    case ASSAY_J_NONE:
        return false;
    case ASSAY_J_BOOL:
        return value->as.truth;
    case ASSAY_J_INT:
        return value->as.whole != 0;
    case ASSAY_J_FLOAT:
        return value->as.real != 0;
    case ASSAY_J_TEXT:
        return value->size > 0;
    case ASSAY_J_LIST:
        return value->as.list->kind == ASSAY_JLIST_GENERATOR || value->as.list->count > 0;
    case ASSAY_J_DICT:
        return value->as.dict->count > 0;
    case ASSAY_J_RANGE:
        return value->as.range->count > 0;
    default:
        return true;
    }
}

bool assay_jvalue_is_number(const assay_jvalue *value)
{
    return value->type == ASSAY_J_BOOL || value->type == ASSAY_J_INT || value->type == ASSAY_J_FLOAT;
}

bool assay_jvalue_is_whole(const assay_jvalue *value, int64_t *out)
{
    if (value->type == ASSAY_J_BOOL) *out = value->as.truth;
    else if (value->type == ASSAY_J_INT) *out = value->as.whole;
    else return false;
    return true;
}

double assay_jvalue_real(const assay_jvalue *value)
{
    int64_t whole;
    return assay_jvalue_is_whole(value, &whole) ? (double)whole : value->as.real;
}

bool assay_jvalue_is_callable(const assay_jvalue *value)
{
    switch ((assay_jtype)value->type) {
    case ASSAY_J_UNDEFINED: /* jinja2's class has a __call__, which raises */
    case ASSAY_J_MACRO:
    case ASSAY_J_METHOD:
    case ASSAY_J_FUNCTION:
    case ASSAY_J_LOOP:
    case ASSAY_J_JOINER:
        return true;
    default:
        return false;
    }
}

/* A whole number against a float, exactly: a double between -2^63 and 2^63 has a whole part that fits. NaN: 2. */
static int order_whole_real(int64_t whole, double real)
{
    if (isnan(real)) return 2;
    if (real >= 0x1p63) return -1;
    if (real < -0x1p63) return 1;
    int64_t part = (int64_t)real;
    if (whole != part) return whole < part ? -1 : 1;
    double rest = real - (double)part;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

int assay_jvalue_order_numbers(const assay_jvalue *a, const assay_jvalue *b)
{
    int64_t x, y;
    bool first = assay_jvalue_is_whole(a, &x), second = assay_jvalue_is_whole(b, &y);
    if (first && second) return x < y ? -1 : x > y;
    if (first) return order_whole_real(x, b->as.real);
    if (second) {
        int order = order_whole_real(y, a->as.real);
        return order == 2 ? 2 : -order;
    }
    if (isnan(a->as.real) || isnan(b->as.real)) return 2;
    return a->as.real < b->as.real ? -1 : a->as.real > b->as.real;
}

int assay_jvalue_order_texts(const assay_jvalue *a, const assay_jvalue *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common ? memcmp(a->as.text, b->as.text, common) : 0;
    if (order) return order < 0 ? -1 : 1;
    return a->size < b->size ? -1 : a->size > b->size;
}

assay_status assay_jlist_new(assay_jrun *run, assay_jlist_kind kind, size_t capacity, assay_jlist **out)
{
    void *list, *items;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof **out, &list));
    ASSAY_TRY(assay_jrun_alloc(run, capacity, sizeof(assay_jvalue), &items));
    *out = list;
    **out = (assay_jlist){.items = items, .capacity = capacity, .kind = kind};
    return ASSAY_OK;
}

assay_status assay_jlist_push(assay_jrun *run, assay_jlist *list, assay_jvalue item)
{
    void *items;
    ASSAY_TRY(assay_jrun_step(run));
    if (list->count == list->capacity) {
        size_t capacity = list->capacity < 4 ? 4 : list->capacity * 2;
        ASSAY_TRY(assay_jrun_alloc(run, capacity, sizeof(assay_jvalue), &items));
        if (list->count) memcpy(items, list->items, list->count * sizeof(assay_jvalue));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return ASSAY_OK;
}

assay_jvalue assay_jlist_value(assay_jlist *list) { return (assay_jvalue){.type = ASSAY_J_LIST, .as.list = list}; }

bool assay_jvalue_is_list(const assay_jvalue *value, assay_jlist_kind kind)
{
    return value->type == ASSAY_J_LIST && value->as.list->kind == kind;
}

bool assay_jvalue_is_sequence(const assay_jvalue *value)
{
    return value->type == ASSAY_J_LIST && value->as.list->kind <= ASSAY_JLIST_GROUP;
}
