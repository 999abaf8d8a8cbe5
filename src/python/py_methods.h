/* The methods of Python's types, as far as they leave their object as it is. */
#ifndef ASSAY_PYTHON_PY_METHODS_H
#define ASSAY_PYTHON_PY_METHODS_H

#include "python/py_builtin.h"

/* str (what asks, "isalpha" and its like, has a table of its own), dict, list and tuple, float. */
extern const assay_jbuiltin_table assay_jmethods_text, assay_jmethods_text_test, assay_jmethods_dict,
    assay_jmethods_list, assay_jmethods_number;

/* dict.fromkeys, which belongs to the type. */
extern const assay_jbuiltin assay_jdict_fromkeys;

#endif
