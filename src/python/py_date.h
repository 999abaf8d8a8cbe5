/* strftime. */
#ifndef ASSAY_PYTHON_PY_DATE_H
#define ASSAY_PYTHON_PY_DATE_H

#include "python/py_value.h"

/* The day of the evaluation (run->date) by a format; an error where none was given. */
assay_status assay_jdate_print(assay_jrun *run, const assay_jvalue *format, assay_jvalue *out);

#endif
