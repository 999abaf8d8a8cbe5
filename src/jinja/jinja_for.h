/* Loops. */
#ifndef ASSAY_JINJA_JINJA_FOR_H
#define ASSAY_JINJA_JINJA_FOR_H

#include "jinja/jinja_loop.h"

assay_status assay_jfor_run(assay_jrun *run, assay_jframe *frame, const assay_jnode *node);

/* loop(children): the body once more, over other items, as a text. */
assay_status assay_jfor_again(assay_jrun *run, assay_jloop *loop, const assay_jcall *call, assay_jvalue *out);

#endif
