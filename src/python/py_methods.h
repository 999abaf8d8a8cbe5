/* The methods of Python's types, as far as they leave their object as it is. */
#ifndef ASSAY_PYTHON_PY_METHODS_H
#define ASSAY_PYTHON_PY_METHODS_H

#include "python/py_builtin.h"

/* str (what asks, "isalpha" and its like, has a table of its own), dict, list and tuple, float. */
extern const assay_py_builtin_table assay_py_methods_text, assay_py_methods_text_test, assay_py_methods_dict,
    assay_py_methods_list, assay_py_methods_number;

/* dict.fromkeys, which belongs to the type. */
extern const assay_py_builtin assay_py_dict_fromkeys;

#endif
