/* "format" % value, and str.format. */
#ifndef ASSAY_PYTHON_PY_FORMAT_H
#define ASSAY_PYTHON_PY_FORMAT_H

#include "python/py_builtin.h"

assay_status assay_py_format_percent(assay_py_run *run, const assay_py_value *format, const assay_py_value *value,
                                     assay_py_value *out);
assay_status assay_py_format_braces(assay_py_run *run, const assay_py_value *format, const assay_py_call *call,
                                    assay_py_value *out);

#endif
