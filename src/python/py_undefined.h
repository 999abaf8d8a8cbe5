/* Values that are not there: what was asked for is remembered, and told when somebody uses it. */
#ifndef ASSAY_PYTHON_PY_UNDEFINED_H
#define ASSAY_PYTHON_PY_UNDEFINED_H

#include "python/py_value.h"

/* An undefined value: the sentence, or what has no such element (object NULL: a variable of that name). */
assay_status assay_jvalue_undefined(assay_jrun *run, const char *hint, const assay_jvalue *object,
                                    const assay_jvalue *name, bool unsafe, assay_jvalue *out);
assay_status assay_jvalue_undefined_error(assay_jrun *run, const assay_jvalue *value); /* the error that using it is */

#endif
