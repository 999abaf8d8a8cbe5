/* The values a chat template works with: Python's, as far as templates can make them.
 *
 * A value is 16 bytes and is passed by value; what it points to lies in the arena of the rendering (or, for texts, in
 * the JSON document the caller keeps) and never changes, but for namespaces, generators and loops. Nothing is freed one
 * by one.
 *
 * Semantics are Python's: a text is a sequence of code points (kept as valid UTF-8), True equals 1 and 1.0, a list
 * never equals a tuple, a dict keeps the order of insertion and takes any hashable key. Whole numbers have 64 bits:
 * what would be larger in Python is an error here, not another number.
 *
 * Functions that can fail take the rendering (jinja/py_run.h), which carries the error, the budget and the arena.
 */
#ifndef ASSAY_PYTHON_PY_VALUE_H
#define ASSAY_PYTHON_PY_VALUE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum assay_py_type {
    ASSAY_PY_MISSING, /* no value at all: an argument not given, a variable not set yet; never seen by a template */
    ASSAY_PY_UNDEFINED,
    ASSAY_PY_NONE,
    ASSAY_PY_BOOL,
    ASSAY_PY_INT,
    ASSAY_PY_FLOAT,
    ASSAY_PY_TEXT,
    ASSAY_PY_LIST, /* also tuples, dict views and generators: assay_py_list_kind */
    ASSAY_PY_DICT,
    ASSAY_PY_RANGE,
    ASSAY_PY_NAMESPACE,
    ASSAY_PY_MACRO,
    ASSAY_PY_METHOD, /* a method together with its object */
    ASSAY_PY_FUNCTION,
    ASSAY_PY_LOOP,
    ASSAY_PY_CYCLER,
    ASSAY_PY_JOINER
} assay_py_type;

typedef enum assay_py_list_kind {
    ASSAY_PY_LIST_LIST,
    ASSAY_PY_LIST_TUPLE,
    ASSAY_PY_LIST_GROUP, /* a tuple (grouper, list) whose parts have these names */
    ASSAY_PY_LIST_KEYS,
    ASSAY_PY_LIST_VALUES,
    ASSAY_PY_LIST_ITEMS,
    ASSAY_PY_LIST_GENERATOR /* can be walked once, has no length */
} assay_py_list_kind;

typedef struct assay_py_value {
    uint8_t type;  /* assay_py_type */
    bool markup;   /* a text marked safe: `+`, `%` and some methods escape what meets it, as MarkupSafe does */
    bool ascii;    /* a text known to hold nothing above U+007F; false: not known */
    bool growable; /* a text made by joining, with room behind it: py_text.c */
    uint32_t size; /* a text's bytes */
    union {
        bool truth;
        int64_t whole;
        double real;
        const char *text;
        struct assay_py_list *list;
        struct assay_py_dict *dict; /* DICT and NAMESPACE */
        const struct assay_py_range *range;
        const struct assay_py_undefined *undefined; /* NULL: nothing is known of its origin */
        const struct assay_py_macro *macro;
        const struct assay_py_method_bound *method;
        const struct assay_py_builtin *builtin;
        struct assay_py_loop *loop;
        struct assay_py_cycler *cycler;
    } as;
} assay_py_value;

typedef struct assay_py_list {
    assay_py_value *items;
    size_t count, capacity;
    size_t cursor; /* of a generator: how many were taken */
    assay_py_list_kind kind;
} assay_py_list;

typedef struct assay_py_range {
    int64_t start, stop, step, count;
} assay_py_range;

typedef struct assay_py_undefined {
    const char *hint;        /* the whole sentence, or NULL */
    const char *object_type; /* of what had no such element; NULL: a variable */
    assay_py_value name;
    bool unsafe; /* the sandbox hides it: using it is a breach, not a slip */
} assay_py_undefined;

/* A function written in the template: the name is None where it has none, the rest is for the evaluator alone. */
typedef struct assay_py_macro {
    assay_py_value name;
    const struct assay_py_node *node;
    struct assay_py_frame *frame; /* where it was defined */
} assay_py_macro;

/* CYCLER: the items and which is next. JOINER: one item, and cursor tells whether it was called. */
typedef struct assay_py_cycler {
    const assay_py_value *items;
    size_t count, cursor;
} assay_py_cycler;

typedef struct assay_py_run assay_py_run;

assay_py_value assay_py_value_none(void);
assay_py_value assay_py_value_bool(bool truth);
assay_py_value assay_py_value_int(int64_t whole);
assay_py_value assay_py_value_float(double real);
assay_py_value assay_py_value_text(const char *text, size_t size); /* borrowed, not marked safe; size below 4 GiB */
assay_py_value assay_py_value_literal(const char *text);           /* of the program's own, ASCII */

/* What Python calls the type: "str", "NoneType", "dict_items"; for messages. */
const char *assay_py_value_type_name(const assay_py_value *value);

bool assay_py_value_is_text(const assay_py_value *value, const char *text);
bool assay_py_value_truth(const assay_py_value *value);
bool assay_py_value_is_number(const assay_py_value *value);              /* bool, int, float */
bool assay_py_value_is_whole(const assay_py_value *value, int64_t *out); /* bool or int */
double assay_py_value_real(const assay_py_value *value);                 /* of a number */
bool assay_py_value_is_callable(const assay_py_value *value);

/* Two numbers, two texts: -1, 0, 1, and 2 where one is NaN. Whole numbers and floats are compared exactly; UTF-8 sorts
 * as its code points do. */
int assay_py_value_order_numbers(const assay_py_value *a, const assay_py_value *b);
int assay_py_value_order_texts(const assay_py_value *a, const assay_py_value *b);

/* `==` (py_dict.c; the second for a comparison that is itself so deep inside another), and `<` as -1, 0, 1, 2 for NaN
 * (an error where Python has no order between the two; py_order.c). */
assay_status assay_py_value_equal(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, bool *out);
assay_status assay_py_value_equal_at(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, int depth,
                                     bool *out);
assay_status assay_py_value_order(assay_py_run *run, const assay_py_value *a, const assay_py_value *b,
                                  const char *operator, int * out);

/* Lists. `capacity` items are reserved; push grows. */
assay_status assay_py_list_new(assay_py_run *run, assay_py_list_kind kind, size_t capacity, assay_py_list **out);
assay_status assay_py_list_push(assay_py_run *run, assay_py_list *list, assay_py_value item);
assay_py_value assay_py_list_value(assay_py_list *list);
bool assay_py_value_is_list(const assay_py_value *value, assay_py_list_kind kind);
bool assay_py_value_is_sequence(const assay_py_value *value); /* list or tuple */

/* len(): an error where the value has none. Code points of a text; py_iter.c. */
assay_status assay_py_value_length(assay_py_run *run, const assay_py_value *value, int64_t *out);

/* Walking (py_iter.c): texts give characters, dicts keys, undefined nothing; generators are used up. */
typedef struct assay_py_iter {
    assay_py_value source;
    size_t position;
} assay_py_iter;

assay_status assay_py_iter_start(assay_py_run *run, assay_py_iter *iter,
                                 const assay_py_value *source); /* error: not iterable */
bool assay_py_iter_next(assay_py_iter *iter, assay_py_value *out);
bool assay_py_value_is_iterable(const assay_py_value *value);

/* A fresh list of everything that is left in a value. */
assay_status assay_py_value_collect(assay_py_run *run, const assay_py_value *source, assay_py_list_kind kind,
                                    assay_py_list **out);

/* `needle in haystack`. */
assay_status assay_py_value_contains(assay_py_run *run, const assay_py_value *haystack, const assay_py_value *needle,
                                     bool *out);

#endif
