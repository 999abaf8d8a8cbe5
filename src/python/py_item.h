/* object[key] and object[start:stop:step], without the attributes of the object. */
#ifndef ASSAY_PYTHON_PY_ITEM_H
#define ASSAY_PYTHON_PY_ITEM_H

#include "python/py_value.h"

/* MISSING: no such item, or nothing that has items. */
assay_status assay_jvalue_find_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key,
                                    assay_jvalue *out);

/* The bounds may be of type MISSING or None. */
assay_status assay_jvalue_slice(assay_jrun *run, const assay_jvalue *object, const assay_jvalue bounds[3],
                                assay_jvalue *out);

#endif
