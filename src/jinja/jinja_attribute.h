/* object.name and object[key] as the sandbox resolves them. What is not there is undefined, no error. */
#ifndef ASSAY_JINJA_JINJA_ATTRIBUTE_H
#define ASSAY_JINJA_JINJA_ATTRIBUTE_H

#include "python/py_value.h"

assay_status assay_jinja_value_attribute(assay_py_run *run, const assay_py_value *object, const assay_py_value *name,
                                         assay_py_value *out);
assay_status assay_jinja_value_only_attribute(assay_py_run *run, const assay_py_value *object,
                                              const assay_py_value *name, assay_py_value *out); /* never an item */
assay_status assay_jinja_value_item(assay_py_run *run, const assay_py_value *object, const assay_py_value *key,
                                    assay_py_value *out);

/* "a.b.0", a number or None: the steps of filters that take an attribute. `missing` (NULL: none) stands for what is
 * undefined on the way; jinja_path.c. */
assay_status assay_jinja_value_path(assay_py_run *run, const assay_py_value *object, const assay_py_value *path,
                                    const assay_py_value *missing, assay_py_value *out);

#endif
