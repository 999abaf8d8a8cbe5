/* What a rendering needs beside the values: where it prints, what it was given, and the parts that lie above. The parts
 * of the interpreter call each other downwards only; where the nature of the thing is a circle - an expression calls a
 * macro whose body is statements, `map` applies any filter - the one below goes through a pointer that is kept here.
 * jinja.c sets them all. */
#ifndef ASSAY_JINJA_JINJA_STATE_H
#define ASSAY_JINJA_JINJA_STATE_H

#include "base/buf.h"
#include "jinja/jinja_ast.h"
#include "python/py_builtin.h"
#include "python/py_dict.h"
#include "python/py_run.h"

/* The variables of one run of a function. `outer` is the frame it was defined in, not the one it is called from. */
typedef struct assay_jframe {
    struct assay_jframe *outer, *next_spare;
    uint32_t count;
    bool captured; /* a macro or loop was made in it that may outlive it */
    assay_jvalue slots[];
} assay_jframe;

typedef enum assay_jsignal { ASSAY_JSIGNAL_NONE, ASSAY_JSIGNAL_BREAK, ASSAY_JSIGNAL_CONTINUE } assay_jsignal;

/* The evaluator, for what it calls itself; jinja_eval.h wraps it. */
typedef struct assay_jevaluator {
    assay_status (*statements)(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain);
    assay_status (*expression)(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out);
    assay_status (*assign)(assay_jrun *run, assay_jframe *frame, const assay_jnode *target, const assay_jvalue *value);
} assay_jevaluator;

/* All filters and tests, for those that take another's name. NULL: there is none. */
typedef struct assay_jnames {
    const assay_jbuiltin *(*filter)(const assay_jvalue *name);
    const assay_jbuiltin *(*test)(const assay_jvalue *name);
} assay_jnames;

typedef struct assay_jstate {
    assay_buf *out;       /* captures lie behind what is printed, and are cut off again */
    int calls;            /* of macros into macros */
    assay_jsignal signal; /* break or continue on its way to its loop */
    const assay_jdict *variables;
    assay_jvalue captured;      /* what a set or filter block printed, for its filter */
    assay_jframe *spare_frames; /* of finished macros, for the next ones */
    const assay_jevaluator *evaluator;
    const assay_jnames *names;
} assay_jstate;

#endif
