/* object[key] and object[start:stop:step], without the attributes of the object. */
#ifndef ASSAY_PYTHON_PY_ITEM_H
#define ASSAY_PYTHON_PY_ITEM_H

#include "python/py_value.h"

/* MISSING: no such item, or nothing that has items. */
assay_status assay_py_value_find_item(assay_py_run *run, const assay_py_value *object, const assay_py_value *key,
                                      assay_py_value *out);

/* The bounds may be of type MISSING or None. */
assay_status assay_py_value_slice(assay_py_run *run, const assay_py_value *object, const assay_py_value bounds[3],
                                  assay_py_value *out);

#endif
