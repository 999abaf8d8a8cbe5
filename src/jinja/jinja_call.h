/* Calling: macros, bound methods, built-in functions, loops. */
#ifndef ASSAY_JINJA_JINJA_CALL_H
#define ASSAY_JINJA_JINJA_CALL_H

#include "jinja/jinja_state.h"

/* callee(arguments): an error where it cannot be called. */
assay_status assay_jcall_value(assay_jrun *run, const assay_jvalue *callee, const assay_jcall *call, assay_jvalue *out);

/* The arguments of a CALL, FILTER or TEST node; `first` (may be NULL) is put in front, `caller` (may be NULL) added by
 * name. */
assay_status assay_jcall_arguments(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                   const assay_jvalue *first, const assay_jvalue *caller, assay_jcall *out);

#endif
