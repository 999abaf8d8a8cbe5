/* Functions that C provides - methods, and what the language above adds: one shape, and one way to give them arguments.
 *
 * `parameters` names what a function takes, as in Python: "value default= boolean=" with `=` behind what may be left
 * out. Arguments are matched to it before the call, so `run` gets one item for each parameter, of type MISSING where
 * none was given. With parameters NULL it gets the call as it was written. The first item is the value of a filter or
 * test, the object of a method. Functions that Python writes in C take no names: `positional`. */
#ifndef ASSAY_PYTHON_PY_BUILTIN_H
#define ASSAY_PYTHON_PY_BUILTIN_H

#include "python/py_value.h"

typedef struct assay_py_call {
    const assay_py_value *items;
    size_t count;
    const assay_py_value *names, *values; /* of the named arguments */
    size_t named;
} assay_py_call;

typedef struct assay_py_builtin {
    const char *name, *parameters;
    bool positional;
    assay_status (*run)(assay_py_run *run, const assay_py_call *call, assay_py_value *out);
} assay_py_builtin;

typedef struct assay_py_method_bound {
    assay_py_value self;
    const assay_py_builtin *method;
} assay_py_method_bound;

typedef struct assay_py_builtin_table {
    const assay_py_builtin *entries;
    size_t count;
} assay_py_builtin_table;

/* NULL: there is none of this name. */
const assay_py_builtin *assay_py_builtin_find(const assay_py_builtin_table *table, const assay_py_value *name);

/* Matches the arguments and runs. `self` (may be NULL) is put in front of them. */
assay_status assay_py_builtin_call(assay_py_run *run, const assay_py_builtin *builtin, const assay_py_value *self,
                                   const assay_py_call *call, assay_py_value *out);

/* For their functions. `item` may be MISSING, then the default is given. */
assay_status assay_py_argument_int(assay_py_run *run, const assay_py_value *item, int64_t missing, const char *what,
                                   int64_t *out);
assay_status assay_py_argument_text(assay_py_run *run, const assay_py_value *item,
                                    const char *what); /* an error if it is no text */
bool assay_py_argument_truth(const assay_py_value *item, bool missing);
bool assay_py_argument_given(const assay_py_value *item); /* neither missing nor None */

#endif
