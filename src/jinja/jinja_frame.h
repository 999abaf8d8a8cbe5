/* Frames: the variables of a function that runs. */
#ifndef ASSAY_JINJA_JINJA_FRAME_H
#define ASSAY_JINJA_JINJA_FRAME_H

#include "jinja/jinja_state.h"

assay_status assay_jinja_frame_open(assay_py_run *run, const assay_jinja_function *function, assay_py_frame *outer,
                                    assay_py_frame **out);
void assay_jinja_frame_close(assay_py_run *run, assay_py_frame *frame); /* its memory serves the next one */

assay_py_value *assay_jinja_frame_slot(assay_py_frame *frame, assay_jinja_ref ref);

/* Sets the variables of a scope that is being entered. */
assay_status assay_jinja_frame_enter_scope(assay_py_run *run, assay_py_frame *frame, const assay_jinja_scope *scope);

#endif
