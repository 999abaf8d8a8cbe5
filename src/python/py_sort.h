/* Python's sorted(): stable, also in reverse. */
#ifndef ASSAY_PYTHON_PY_SORT_H
#define ASSAY_PYTHON_PY_SORT_H

#include "python/py_value.h"

typedef struct assay_py_keyed {
    assay_py_value key, item;
} assay_py_keyed;

assay_status assay_py_sort(assay_py_run *run, assay_py_keyed *items, size_t count, bool reverse);

#endif
