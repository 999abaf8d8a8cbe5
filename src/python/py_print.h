/* Values as text: Python's str() and repr(). */
#ifndef ASSAY_PYTHON_PY_PRINT_H
#define ASSAY_PYTHON_PY_PRINT_H

#include "python/py_text.h"

assay_status assay_py_print_str(assay_py_run *run, assay_py_build *build, const assay_py_value *value);
assay_status assay_py_print_repr(assay_py_run *run, assay_py_build *build, const assay_py_value *value);

/* str(value) as a value; a text is itself. The mark of safety stays only with `soft` (MarkupSafe's soft_str). */
assay_status assay_py_value_str(assay_py_run *run, const assay_py_value *value, bool soft, assay_py_value *out);

/* json.dumps(value, ensure_ascii=..., indent=..., separators=(item, key), sort_keys=...). */
typedef struct assay_py_json {
    bool ascii, sort_keys, pretty;
    assay_py_value indent, between, behind_key;
} assay_py_json;

assay_status assay_py_print_json(assay_py_run *run, assay_py_build *build, const assay_py_value *value,
                                 const assay_py_json *how);

#endif
