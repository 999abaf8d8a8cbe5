/* Filling a field: what `%` and str.format have in common. */
#ifndef ASSAY_PYTHON_PY_SPEC_H
#define ASSAY_PYTHON_PY_SPEC_H

#include "python/py_text.h"

enum { ASSAY_JSPEC_WIDTH = 1 << 20, ASSAY_JSPEC_PRECISION = 60 };

typedef struct assay_jspec {
    char align; /* '<', '>', '^', '=' or 0 */
    char sign;  /* '+', ' ', '-' or 0 */
    bool alternate, zero;
    char group; /* ',' or '_' between groups of digits, or 0 */
    int32_t fill;
    int64_t width, precision; /* -1: none */
    char kind;                /* 'd', 's', ...; 0: none */
} assay_jspec;

/* Writes a number or a text by its specification; the value must suit the kind. */
assay_status assay_jspec_whole(assay_jrun *run, assay_jbuild *build, const assay_jspec *spec, int64_t whole);
assay_status assay_jspec_real(assay_jrun *run, assay_jbuild *build, const assay_jspec *spec, double real);
assay_status assay_jspec_text(assay_jrun *run, assay_jbuild *build, const assay_jspec *spec, const assay_jvalue *text);

#endif
