/* Loops. */
#ifndef ASSAY_JINJA_JINJA_FOR_H
#define ASSAY_JINJA_JINJA_FOR_H

#include "jinja/jinja_loop.h"

assay_status assay_jinja_for_run(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node);

/* loop(children): the body once more, over other items, as a text. */
assay_status assay_jinja_for_again(assay_py_run *run, assay_py_loop *loop, const assay_py_call *call,
                                   assay_py_value *out);

#endif
