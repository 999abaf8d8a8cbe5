/* Filters, tests, methods and global functions: one shape, and one way to give them arguments.
 *
 * `parameters` names what a function takes, as in Python: "value default= boolean=" with `=` behind what may be left
 * out. Arguments are matched to it before the call, so `run` gets one item for each parameter, of type MISSING where
 * none was given. With parameters NULL it gets the call as it was written. The first item is the value of a filter or
 * test, the object of a method. Functions that Python writes in C take no names: `positional`. */
#ifndef ASSAY_JINJA_JINJA_BUILTIN_H
#define ASSAY_JINJA_JINJA_BUILTIN_H

#include "jinja/jinja_value.h"

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
const assay_jbuiltin *assay_jfilter_find(const assay_jvalue *name);
const assay_jbuiltin *assay_jtest_find(const assay_jvalue *name);
const assay_jbuiltin *assay_jglobal_find(const assay_jvalue *name);

/* The method of an object of this type; *hidden: it exists, but would change the object, which the sandbox forbids. */
const assay_jbuiltin *assay_jmethod_find(const assay_jvalue *object, const assay_jvalue *name, bool *hidden);

/* Matches the arguments and runs. `self` (may be NULL) is put in front of them. */
assay_status assay_jbuiltin_call(assay_jrun *run, const assay_jbuiltin *builtin, const assay_jvalue *self,
                                 const assay_jcall *call, assay_jvalue *out);

/* The tables, a concern each. */
extern const assay_jbuiltin_table assay_jfilters_text, assay_jfilters_list, assay_jfilters_pick, assay_jfilters_number;
extern const assay_jbuiltin_table assay_jmethods_text, assay_jmethods_text_test, assay_jmethods_dict,
    assay_jmethods_list, assay_jmethods_loop, assay_jmethods_cycler, assay_jmethods_number;

/* For their functions. `item` may be MISSING, then the default is given. */
assay_status assay_jargument_int(assay_jrun *run, const assay_jvalue *item, int64_t missing, const char *what,
                                 int64_t *out);
assay_status assay_jargument_text(assay_jrun *run, const assay_jvalue *item,
                                  const char *what); /* an error if it is no text */
bool assay_jargument_truth(const assay_jvalue *item, bool missing);
bool assay_jargument_given(const assay_jvalue *item); /* neither missing nor None */

#endif
