/* Upper cases of more than one character; see py_case_table.c. */
#ifndef ASSAY_PYTHON_PY_CASE_H
#define ASSAY_PYTHON_PY_CASE_H

#include <stdint.h>

enum { ASSAY_JCASE_COUNT = 102 };

typedef struct assay_jcase {
    int32_t point, upper[3], title[3]; /* unused places are 0 */
} assay_jcase;

extern const assay_jcase assay_jcase_table[ASSAY_JCASE_COUNT];

#endif
