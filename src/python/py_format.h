/* "format" % value, and str.format. */
#ifndef ASSAY_PYTHON_PY_FORMAT_H
#define ASSAY_PYTHON_PY_FORMAT_H

#include "python/py_builtin.h"

assay_status assay_jformat_percent(assay_jrun *run, const assay_jvalue *format, const assay_jvalue *value,
                                   assay_jvalue *out);
assay_status assay_jformat_braces(assay_jrun *run, const assay_jvalue *format, const assay_jcall *call,
                                  assay_jvalue *out);

#endif
