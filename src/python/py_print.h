/* Values as text: Python's str() and repr(). */
#ifndef ASSAY_PYTHON_PY_PRINT_H
#define ASSAY_PYTHON_PY_PRINT_H

#include "python/py_text.h"

assay_status assay_jprint_str(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value);
assay_status assay_jprint_repr(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value);

/* str(value) as a value; a text is itself. The mark of safety stays only with `soft` (MarkupSafe's soft_str). */
assay_status assay_jvalue_str(assay_jrun *run, const assay_jvalue *value, bool soft, assay_jvalue *out);

/* json.dumps(value, ensure_ascii=..., indent=..., separators=(item, key), sort_keys=...). */
typedef struct assay_jjson {
    bool ascii, sort_keys, pretty;
    assay_jvalue indent, between, behind_key;
} assay_jjson;

assay_status assay_jprint_json(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value, const assay_jjson *how);

#endif
