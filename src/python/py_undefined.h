/* Values that are not there: what was asked for is remembered, and told when somebody uses it. */
#ifndef ASSAY_PYTHON_PY_UNDEFINED_H
#define ASSAY_PYTHON_PY_UNDEFINED_H

#include "python/py_value.h"

/* An undefined value: the sentence, or what has no such element (object NULL: a variable of that name). */
assay_status assay_py_value_undefined(assay_py_run *run, const char *hint, const assay_py_value *object,
                                      const assay_py_value *name, bool unsafe, assay_py_value *out);
assay_status assay_py_value_undefined_error(assay_py_run *run,
                                            const assay_py_value *value); /* the error that using it is */

#endif
