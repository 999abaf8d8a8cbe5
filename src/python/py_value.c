#include "python/py_value.h"

#include "python/py_dict.h"
#include "python/py_run.h"

#include <math.h>
#include <string.h>

assay_py_value assay_py_value_none(void) { return (assay_py_value){.type = ASSAY_PY_NONE}; }
assay_py_value assay_py_value_bool(bool truth) { return (assay_py_value){.type = ASSAY_PY_BOOL, .as.truth = truth}; }
assay_py_value assay_py_value_int(int64_t whole) { return (assay_py_value){.type = ASSAY_PY_INT, .as.whole = whole}; }
assay_py_value assay_py_value_float(double real) { return (assay_py_value){.type = ASSAY_PY_FLOAT, .as.real = real}; }

assay_py_value assay_py_value_text(const char *text, size_t size)
{
    return (assay_py_value){.type = ASSAY_PY_TEXT, .size = (uint32_t)size, .as.text = text};
}

assay_py_value assay_py_value_literal(const char *text)
{
    assay_py_value value = assay_py_value_text(text, strlen(text));
    value.ascii = true;
    return value;
}

const char *assay_py_value_type_name(const assay_py_value *value)
{
    static const char *const names[] = {
        [ASSAY_PY_MISSING] = "missing",
        [ASSAY_PY_UNDEFINED] = "Undefined",
        [ASSAY_PY_NONE] = "NoneType",
        [ASSAY_PY_BOOL] = "bool",
        [ASSAY_PY_INT] = "int",
        [ASSAY_PY_FLOAT] = "float",
        [ASSAY_PY_TEXT] = "str",
        [ASSAY_PY_LIST] = "list",
        [ASSAY_PY_DICT] = "dict",
        [ASSAY_PY_RANGE] = "range",
        [ASSAY_PY_NAMESPACE] = "Namespace",
        [ASSAY_PY_MACRO] = "Macro",
        [ASSAY_PY_METHOD] = "method",
        [ASSAY_PY_FUNCTION] = "function",
        [ASSAY_PY_LOOP] = "LoopContext",
        [ASSAY_PY_CYCLER] = "Cycler",
        [ASSAY_PY_JOINER] = "Joiner",
    };
    static const char *const lists[] = {
        [ASSAY_PY_LIST_LIST] = "list",           [ASSAY_PY_LIST_TUPLE] = "tuple",
        [ASSAY_PY_LIST_GROUP] = "tuple",         [ASSAY_PY_LIST_KEYS] = "dict_keys",
        [ASSAY_PY_LIST_VALUES] = "dict_values",  [ASSAY_PY_LIST_ITEMS] = "dict_items",
        [ASSAY_PY_LIST_GENERATOR] = "generator",
    };
    return value->type == ASSAY_PY_LIST ? lists[value->as.list->kind] : names[value->type];
}

bool assay_py_value_is_text(const assay_py_value *value, const char *text)
{
    return value->type == ASSAY_PY_TEXT && strlen(text) == value->size &&
           memcmp(value->as.text, text, value->size) == 0;
}

bool assay_py_value_truth(const assay_py_value *value)
{
    switch ((assay_py_type)value->type) {
    case ASSAY_PY_MISSING:
    case ASSAY_PY_UNDEFINED:
    case ASSAY_PY_NONE:
        return false;
    case ASSAY_PY_BOOL:
        return value->as.truth;
    case ASSAY_PY_INT:
        return value->as.whole != 0;
    case ASSAY_PY_FLOAT:
        return value->as.real != 0;
    case ASSAY_PY_TEXT:
        return value->size > 0;
    case ASSAY_PY_LIST:
        return value->as.list->kind == ASSAY_PY_LIST_GENERATOR || value->as.list->count > 0;
    case ASSAY_PY_DICT:
        return value->as.dict->count > 0;
    case ASSAY_PY_RANGE:
        return value->as.range->count > 0;
    default:
        return true;
    }
}

bool assay_py_value_is_number(const assay_py_value *value)
{
    return value->type == ASSAY_PY_BOOL || value->type == ASSAY_PY_INT || value->type == ASSAY_PY_FLOAT;
}

bool assay_py_value_is_whole(const assay_py_value *value, int64_t *out)
{
    if (value->type == ASSAY_PY_BOOL) *out = value->as.truth;
    else if (value->type == ASSAY_PY_INT) *out = value->as.whole;
    else return false;
    return true;
}

double assay_py_value_real(const assay_py_value *value)
{
    int64_t whole;
    return assay_py_value_is_whole(value, &whole) ? (double)whole : value->as.real;
}

bool assay_py_value_is_callable(const assay_py_value *value)
{
    switch ((assay_py_type)value->type) {
    case ASSAY_PY_UNDEFINED: /* jinja2's class has a __call__, which raises */
    case ASSAY_PY_MACRO:
    case ASSAY_PY_METHOD:
    case ASSAY_PY_FUNCTION:
    case ASSAY_PY_LOOP:
    case ASSAY_PY_JOINER:
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

int assay_py_value_order_numbers(const assay_py_value *a, const assay_py_value *b)
{
    int64_t x, y;
    bool first = assay_py_value_is_whole(a, &x), second = assay_py_value_is_whole(b, &y);
    if (first && second) return x < y ? -1 : x > y;
    if (first) return order_whole_real(x, b->as.real);
    if (second) {
        int order = order_whole_real(y, a->as.real);
        return order == 2 ? 2 : -order;
    }
    if (isnan(a->as.real) || isnan(b->as.real)) return 2;
    return a->as.real < b->as.real ? -1 : a->as.real > b->as.real;
}

int assay_py_value_order_texts(const assay_py_value *a, const assay_py_value *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common ? memcmp(a->as.text, b->as.text, common) : 0;
    if (order) return order < 0 ? -1 : 1;
    return a->size < b->size ? -1 : a->size > b->size;
}

assay_status assay_py_list_new(assay_py_run *run, assay_py_list_kind kind, size_t capacity, assay_py_list **out)
{
    void *list, *items;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof **out, &list));
    ASSAY_TRY(assay_py_run_alloc(run, capacity, sizeof(assay_py_value), &items));
    *out = list;
    **out = (assay_py_list){.items = items, .capacity = capacity, .kind = kind};
    return ASSAY_OK;
}

assay_status assay_py_list_push(assay_py_run *run, assay_py_list *list, assay_py_value item)
{
    void *items;
    ASSAY_TRY(assay_py_run_step(run));
    if (list->count == list->capacity) {
        size_t capacity = list->capacity < 4 ? 4 : list->capacity * 2;
        ASSAY_TRY(assay_py_run_alloc(run, capacity, sizeof(assay_py_value), &items));
        if (list->count) memcpy(items, list->items, list->count * sizeof(assay_py_value));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return ASSAY_OK;
}

assay_py_value assay_py_list_value(assay_py_list *list)
{
    return (assay_py_value){.type = ASSAY_PY_LIST, .as.list = list};
}

bool assay_py_value_is_list(const assay_py_value *value, assay_py_list_kind kind)
{
    return value->type == ASSAY_PY_LIST && value->as.list->kind == kind;
}

bool assay_py_value_is_sequence(const assay_py_value *value)
{
    return value->type == ASSAY_PY_LIST && value->as.list->kind <= ASSAY_PY_LIST_GROUP;
}
