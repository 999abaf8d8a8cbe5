/* Taking what statements print as a text instead. */
#ifndef ASSAY_JINJA_JINJA_CAPTURE_H
#define ASSAY_JINJA_JINJA_CAPTURE_H

#include "jinja/jinja_eval.h"

assay_status assay_jeval_capture(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain, assay_jvalue *out);

#endif
