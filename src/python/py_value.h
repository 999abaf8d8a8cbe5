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

typedef enum assay_jtype {
    ASSAY_J_MISSING, /* no value at all: an argument not given, a variable not set yet; never seen by a template */
    ASSAY_J_UNDEFINED,
    ASSAY_J_NONE,
    ASSAY_J_BOOL,
    ASSAY_J_INT,
    ASSAY_J_FLOAT,
    ASSAY_J_TEXT,
    ASSAY_J_LIST, /* also tuples, dict views and generators: assay_jlist_kind */
    ASSAY_J_DICT,
    ASSAY_J_RANGE,
    ASSAY_J_NAMESPACE,
    ASSAY_J_MACRO,
    ASSAY_J_METHOD, /* a method together with its object */
    ASSAY_J_FUNCTION,
    ASSAY_J_LOOP,
    ASSAY_J_CYCLER,
    ASSAY_J_JOINER
} assay_jtype;

typedef enum assay_jlist_kind {
    ASSAY_JLIST_LIST,
    ASSAY_JLIST_TUPLE,
    ASSAY_JLIST_GROUP, /* a tuple (grouper, list) whose parts have these names */
    ASSAY_JLIST_KEYS,
    ASSAY_JLIST_VALUES,
    ASSAY_JLIST_ITEMS,
    ASSAY_JLIST_GENERATOR /* can be walked once, has no length */
} assay_jlist_kind;

typedef struct assay_jvalue {
    uint8_t type;  /* assay_jtype */
    bool markup;   /* a text marked safe: `+`, `%` and some methods escape what meets it, as MarkupSafe does */
    bool ascii;    /* a text known to hold nothing above U+007F; false: not known */
    bool growable; /* a text made by joining, with room behind it: py_text.c */
    uint32_t size; /* a text's bytes */
    union {
        bool truth;
        int64_t whole;
        double real;
        const char *text;
        struct assay_jlist *list;
        struct assay_jdict *dict; /* DICT and NAMESPACE */
        const struct assay_jrange *range;
        const struct assay_jundefined *undefined; /* NULL: nothing is known of its origin */
        const struct assay_jmacro *macro;
        const struct assay_jmethod_bound *method;
        const struct assay_jbuiltin *builtin;
        struct assay_jloop *loop;
        struct assay_jcycler *cycler;
    } as;
} assay_jvalue;

typedef struct assay_jlist {
    assay_jvalue *items;
    size_t count, capacity;
    size_t cursor; /* of a generator: how many were taken */
    assay_jlist_kind kind;
} assay_jlist;

typedef struct assay_jrange {
    int64_t start, stop, step, count;
} assay_jrange;

typedef struct assay_jundefined {
    const char *hint;        /* the whole sentence, or NULL */
    const char *object_type; /* of what had no such element; NULL: a variable */
    assay_jvalue name;
    bool unsafe; /* the sandbox hides it: using it is a breach, not a slip */
} assay_jundefined;

/* A function written in the template: the name is None where it has none, the rest is for the evaluator alone. */
typedef struct assay_jmacro {
    assay_jvalue name;
    const struct assay_jnode *node;
    struct assay_jframe *frame; /* where it was defined */
} assay_jmacro;

/* CYCLER: the items and which is next. JOINER: one item, and cursor tells whether it was called. */
typedef struct assay_jcycler {
    const assay_jvalue *items;
    size_t count, cursor;
} assay_jcycler;

typedef struct assay_jrun assay_jrun;

assay_jvalue assay_jvalue_none(void);
assay_jvalue assay_jvalue_bool(bool truth);
assay_jvalue assay_jvalue_int(int64_t whole);
assay_jvalue assay_jvalue_float(double real);
assay_jvalue assay_jvalue_text(const char *text, size_t size); /* borrowed, not marked safe; size below 4 GiB */
assay_jvalue assay_jvalue_literal(const char *text);           /* of the program's own, ASCII */

/* What Python calls the type: "str", "NoneType", "dict_items"; for messages. */
const char *assay_jvalue_type_name(const assay_jvalue *value);

bool assay_jvalue_is_text(const assay_jvalue *value, const char *text);
bool assay_jvalue_truth(const assay_jvalue *value);
bool assay_jvalue_is_number(const assay_jvalue *value);              /* bool, int, float */
bool assay_jvalue_is_whole(const assay_jvalue *value, int64_t *out); /* bool or int */
double assay_jvalue_real(const assay_jvalue *value);                 /* of a number */
bool assay_jvalue_is_callable(const assay_jvalue *value);

/* Two numbers, two texts: -1, 0, 1, and 2 where one is NaN. Whole numbers and floats are compared exactly; UTF-8 sorts
 * as its code points do. */
int assay_jvalue_order_numbers(const assay_jvalue *a, const assay_jvalue *b);
int assay_jvalue_order_texts(const assay_jvalue *a, const assay_jvalue *b);

/* `==` (py_dict.c; the second for a comparison that is itself so deep inside another), and `<` as -1, 0, 1, 2 for NaN
 * (an error where Python has no order between the two; py_order.c). */
assay_status assay_jvalue_equal(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, bool *out);
assay_status assay_jvalue_equal_at(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, int depth, bool *out);
assay_status assay_jvalue_order(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, const char *operator,
                                int * out);

/* Lists. `capacity` items are reserved; push grows. */
assay_status assay_jlist_new(assay_jrun *run, assay_jlist_kind kind, size_t capacity, assay_jlist **out);
assay_status assay_jlist_push(assay_jrun *run, assay_jlist *list, assay_jvalue item);
assay_jvalue assay_jlist_value(assay_jlist *list);
bool assay_jvalue_is_list(const assay_jvalue *value, assay_jlist_kind kind);
bool assay_jvalue_is_sequence(const assay_jvalue *value); /* list or tuple */

/* len(): an error where the value has none. Code points of a text; py_iter.c. */
assay_status assay_jvalue_length(assay_jrun *run, const assay_jvalue *value, int64_t *out);

/* Walking (py_iter.c): texts give characters, dicts keys, undefined nothing; generators are used up. */
typedef struct assay_jiter {
    assay_jvalue source;
    size_t position;
} assay_jiter;

assay_status assay_jiter_start(assay_jrun *run, assay_jiter *iter,
                               const assay_jvalue *source); /* error: not iterable */
bool assay_jiter_next(assay_jiter *iter, assay_jvalue *out);
bool assay_jvalue_is_iterable(const assay_jvalue *value);

/* A fresh list of everything that is left in a value. */
assay_status assay_jvalue_collect(assay_jrun *run, const assay_jvalue *source, assay_jlist_kind kind,
                                  assay_jlist **out);

/* `needle in haystack`. */
assay_status assay_jvalue_contains(assay_jrun *run, const assay_jvalue *haystack, const assay_jvalue *needle,
                                   bool *out);

#endif
