/* Taking what statements print as a text instead. */
#ifndef ASSAY_JINJA_JINJA_CAPTURE_H
#define ASSAY_JINJA_JINJA_CAPTURE_H

#include "jinja/jinja_eval.h"

assay_status assay_jinja_eval_capture(assay_py_run *run, assay_py_frame *frame, const assay_py_node *chain,
                                      assay_py_value *out);

#endif
