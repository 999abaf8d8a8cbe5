/* object.name and object[key] as the sandbox resolves them. What is not there is undefined, no error. */
#ifndef ASSAY_JINJA_JINJA_ATTRIBUTE_H
#define ASSAY_JINJA_JINJA_ATTRIBUTE_H

#include "python/py_value.h"

assay_status assay_jvalue_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                    assay_jvalue *out);
assay_status assay_jvalue_only_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                         assay_jvalue *out); /* never an item */
assay_status assay_jvalue_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key, assay_jvalue *out);

/* "a.b.0", a number or None: the steps of filters that take an attribute. `missing` (NULL: none) stands for what is
 * undefined on the way; jinja_path.c. */
assay_status assay_jvalue_path(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *path,
                               const assay_jvalue *missing, assay_jvalue *out);

#endif
