/* A loop under way, and the `loop` object a template sees of it. */
#ifndef ASSAY_JINJA_JINJA_LOOP_H
#define ASSAY_JINJA_JINJA_LOOP_H

#include "jinja/jinja_state.h"

typedef struct assay_py_loop assay_py_loop;

struct assay_py_loop {
    const assay_py_node *node;
    assay_py_frame *frame, *outer; /* of the body; the one a recursive loop was met in */
    assay_status (*take)(assay_py_run *run, assay_py_loop *loop,
                         assay_py_value *out); /* next of iter that passes the filter */
    assay_py_iter iter;
    assay_py_list *rest; /* what a filtered loop has left, once its length was asked for */
    size_t rest_at;
    bool filtered;
    int64_t index0, depth0, length; /* length: -1 until known */
    bool has_next;                  /* next was taken ahead */
    assay_py_value next, current, before;
    assay_py_value changed; /* the last arguments of changed() */
};

/* On to the next item: loop->current, or loop->next of type MISSING at the end. */
assay_status assay_jinja_loop_advance(assay_py_run *run, assay_py_loop *loop);

/* loop.index and so on; type MISSING: no such attribute. */
assay_status assay_jinja_loop_attribute(assay_py_run *run, assay_py_loop *loop, const assay_py_value *name,
                                        assay_py_value *out);

extern const assay_py_builtin_table assay_jinja_methods_loop;

#endif
