/* Frames: the variables of a function that runs. */
#ifndef ASSAY_JINJA_JINJA_FRAME_H
#define ASSAY_JINJA_JINJA_FRAME_H

#include "jinja/jinja_state.h"

assay_status assay_jframe_open(assay_jrun *run, const assay_jfunction *function, assay_jframe *outer,
                               assay_jframe **out);
void assay_jframe_close(assay_jrun *run, assay_jframe *frame); /* its memory serves the next one */

assay_jvalue *assay_jframe_slot(assay_jframe *frame, assay_jref ref);

/* Sets the variables of a scope that is being entered. */
assay_status assay_jframe_enter_scope(assay_jrun *run, assay_jframe *frame, const assay_jscope *scope);

#endif
