/* The methods a template may call. */
#ifndef ASSAY_JINJA_JINJA_METHODS_H
#define ASSAY_JINJA_JINJA_METHODS_H

#include "python/py_builtin.h"

/* The method of an object of this type; *hidden: it exists, but would change the object, which the sandbox forbids. */
const assay_py_builtin *assay_jinja_method_find(const assay_py_value *object, const assay_py_value *name, bool *hidden);

#endif
