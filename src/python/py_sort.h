/* Python's sorted(): stable, also in reverse. */
#ifndef ASSAY_PYTHON_PY_SORT_H
#define ASSAY_PYTHON_PY_SORT_H

#include "python/py_value.h"

typedef struct assay_jkeyed {
    assay_jvalue key, item;
} assay_jkeyed;

assay_status assay_jsort(assay_jrun *run, assay_jkeyed *items, size_t count, bool reverse);

#endif
