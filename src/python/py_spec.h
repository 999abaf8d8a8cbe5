/* Filling a field: what `%` and str.format have in common. */
#ifndef ASSAY_PYTHON_PY_SPEC_H
#define ASSAY_PYTHON_PY_SPEC_H

#include "python/py_text.h"

enum { ASSAY_PY_SPEC_WIDTH = 1 << 20, ASSAY_PY_SPEC_PRECISION = 60 };

typedef struct assay_py_spec {
    char align; /* '<', '>', '^', '=' or 0 */
    char sign;  /* '+', ' ', '-' or 0 */
    bool alternate, zero;
    char group; /* ',' or '_' between groups of digits, or 0 */
    int32_t fill;
    int64_t width, precision; /* -1: none */
    char kind;                /* 'd', 's', ...; 0: none */
} assay_py_spec;

/* Writes a number or a text by its specification; the value must suit the kind. */
assay_status assay_py_spec_whole(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, int64_t whole);
assay_status assay_py_spec_real(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, double real);
assay_status assay_py_spec_text(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec,
                                const assay_py_value *text);

#endif
