/* Functions that C provides - methods, and what the language above adds: one shape, and one way to give them arguments.
 *
 * `parameters` names what a function takes, as in Python: "value default= boolean=" with `=` behind what may be left
 * out. Arguments are matched to it before the call, so `run` gets one item for each parameter, of type MISSING where
 * none was given. With parameters NULL it gets the call as it was written. The first item is the value of a filter or
 * test, the object of a method. Functions that Python writes in C take no names: `positional`. */
#ifndef ASSAY_PYTHON_PY_BUILTIN_H
#define ASSAY_PYTHON_PY_BUILTIN_H

#include "python/py_value.h"

typedef struct assay_jcall {
    const assay_jvalue *items;
    size_t count;
    const assay_jvalue *names, *values; /* of the named arguments */
    size_t named;
} assay_jcall;

typedef struct assay_jbuiltin {
    const char *name, *parameters;
    bool positional;
    assay_status (*run)(assay_jrun *run, const assay_jcall *call, assay_jvalue *out);
} assay_jbuiltin;

typedef struct assay_jmethod_bound {
    assay_jvalue self;
    const assay_jbuiltin *method;
} assay_jmethod_bound;

typedef struct assay_jbuiltin_table {
    const assay_jbuiltin *entries;
    size_t count;
} assay_jbuiltin_table;

/* NULL: there is none of this name. */
const assay_jbuiltin *assay_jbuiltin_find(const assay_jbuiltin_table *table, const assay_jvalue *name);

/* Matches the arguments and runs. `self` (may be NULL) is put in front of them. */
assay_status assay_jbuiltin_call(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jvalue *self,
                                 const assay_jcall *call, assay_jvalue *out);

/* For their functions. `item` may be MISSING, then the default is given. */
assay_status assay_jargument_int(assay_jrun *run, const assay_jvalue *item, int64_t missing, const char *what,
                                 int64_t *out);
assay_status assay_jargument_text(assay_jrun *run, const assay_jvalue *item,
                                  const char *what); /* an error if it is no text */
bool assay_jargument_truth(const assay_jvalue *item, bool missing);
bool assay_jargument_given(const assay_jvalue *item); /* neither missing nor None */

#endif
