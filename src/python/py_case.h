/* Upper cases of more than one character; see py_case_table.c. */
#ifndef ASSAY_PYTHON_PY_CASE_H
#define ASSAY_PYTHON_PY_CASE_H

#include <stdint.h>

enum { ASSAY_PY_CASE_COUNT = 102 };

typedef struct assay_py_case {
    int32_t point, upper[3], title[3]; /* unused places are 0 */
} assay_py_case;

extern const assay_py_case assay_py_case_table[ASSAY_PY_CASE_COUNT];

#endif
