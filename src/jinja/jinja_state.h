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
typedef struct assay_py_frame {
    struct assay_py_frame *outer, *next_spare;
    uint32_t count;
    bool captured; /* a macro or loop was made in it that may outlive it */
    assay_py_value slots[];
} assay_py_frame;

typedef enum assay_jinja_signal {
    ASSAY_JINJA_SIGNAL_NONE,
    ASSAY_JINJA_SIGNAL_BREAK,
    ASSAY_JINJA_SIGNAL_CONTINUE
} assay_jinja_signal;

/* The evaluator, for what it calls itself; jinja_eval.h wraps it. */
typedef struct assay_jinja_evaluator {
    assay_status (*statements)(assay_py_run *run, assay_py_frame *frame, const assay_py_node *chain);
    assay_status (*expression)(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                               assay_py_value *out);
    assay_status (*assign)(assay_py_run *run, assay_py_frame *frame, const assay_py_node *target,
                           const assay_py_value *value);
} assay_jinja_evaluator;

/* All filters and tests, for those that take another's name. NULL: there is none. */
typedef struct assay_jinja_names {
    const assay_py_builtin *(*filter)(const assay_py_value *name);
    const assay_py_builtin *(*test)(const assay_py_value *name);
} assay_jinja_names;

typedef struct assay_py_state {
    assay_buf *out;            /* captures lie behind what is printed, and are cut off again */
    int calls;                 /* of macros into macros */
    assay_jinja_signal signal; /* break or continue on its way to its loop */
    const assay_py_dict *variables;
    assay_py_value captured;      /* what a set or filter block printed, for its filter */
    assay_py_frame *spare_frames; /* of finished macros, for the next ones */
    const assay_jinja_evaluator *evaluator;
    const assay_jinja_names *names;
} assay_py_state;

#endif
