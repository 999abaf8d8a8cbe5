/* Calling: macros, bound methods, built-in functions, loops. */
#ifndef ASSAY_JINJA_JINJA_CALL_H
#define ASSAY_JINJA_JINJA_CALL_H

#include "jinja/jinja_state.h"

/* callee(arguments): an error where it cannot be called. */
assay_status assay_jinja_call_value(assay_py_run *run, const assay_py_value *callee, const assay_py_call *call,
                                    assay_py_value *out);

/* The arguments of a CALL, FILTER or TEST node; `first` (may be NULL) is put in front, `caller` (may be NULL) added by
 * name. */
assay_status assay_jinja_call_arguments(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                        const assay_py_value *first, const assay_py_value *caller, assay_py_call *out);

#endif
