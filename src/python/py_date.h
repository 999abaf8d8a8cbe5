/* strftime. */
#ifndef ASSAY_PYTHON_PY_DATE_H
#define ASSAY_PYTHON_PY_DATE_H

#include "python/py_value.h"

/* The day of the evaluation (run->date) by a format; an error where none was given. */
assay_status assay_py_date_print(assay_py_run *run, const assay_py_value *format, assay_py_value *out);

#endif
