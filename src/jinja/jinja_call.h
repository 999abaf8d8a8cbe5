/* Calling: macros with their frames, bound methods, built-in functions. Private to src/template. */
#ifndef ASSAY_JINJA_JINJA_CALL_H
#define ASSAY_JINJA_JINJA_CALL_H

#include "jinja/jinja_ast.h"
#include "jinja/jinja_builtin.h"

/* The variables of one run of a function. `outer` is the frame it was defined in, not the one it is called from. */
typedef struct assay_jframe {
    struct assay_jframe *outer, *next_spare;
    uint32_t count;
    bool captured; /* a macro or loop was made in it that may outlive it */
    assay_jvalue slots[];
} assay_jframe;

typedef struct assay_jmacro {
    const assay_jnode *node; /* MACRO, or CALL_BLOCK for a caller */
    assay_jframe *frame;     /* where it was defined */
} assay_jmacro;

assay_jvalue assay_jmacro_name(const assay_jmacro *macro); /* None: a call block's body */

assay_status assay_jframe_open(assay_jrun *run, const assay_jfunction *function, assay_jframe *outer,
                               assay_jframe **out);
void assay_jframe_close(assay_jrun *run, assay_jframe *frame);
assay_jvalue *assay_jframe_slot(assay_jframe *frame, assay_jref ref);

/* Sets the variables of a scope that is being entered. */
assay_status assay_jframe_enter_scope(assay_jrun *run, assay_jframe *frame, const assay_jscope *scope);

/* callee(arguments): an error where it cannot be called. */
assay_status assay_jcall_value(assay_jrun *run, const assay_jvalue *callee, const assay_jcall *call, assay_jvalue *out);

/* The arguments of a CALL, FILTER or TEST node; `first` (may be NULL) is put in front, `caller` (may be NULL) added by
 * name. */
assay_status assay_jcall_arguments(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                   const assay_jvalue *first, const assay_jvalue *caller, assay_jcall *out);

#endif
