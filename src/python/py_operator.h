/* Python's operators. */
#ifndef ASSAY_PYTHON_PY_OPERATOR_H
#define ASSAY_PYTHON_PY_OPERATOR_H

#include "python/py_value.h"

/* Operators are known by their characters: '+', or two of them as first << 8 | second. */
enum {
    ASSAY_JOP_EQUAL = '=' << 8 | '=',
    ASSAY_JOP_UNEQUAL = '!' << 8 | '=',
    ASSAY_JOP_LESS_EQUAL = '<' << 8 | '=',
    ASSAY_JOP_GREATER_EQUAL = '>' << 8 | '=',
    ASSAY_JOP_FLOOR = '/' << 8 | '/',
    ASSAY_JOP_POWER = '*' << 8 | '*',
    ASSAY_JOP_IN = 'i' << 8 | 'n', /* these two are words */
    ASSAY_JOP_NOT_IN = 'n' << 8 | 'i'
};

/* + - * / // % **; - + and '!' (not); comparisons and `in`. */
assay_status assay_jop_binary(assay_jrun *run, int op, const assay_jvalue *a, const assay_jvalue *b, assay_jvalue *out);
assay_status assay_jop_unary(assay_jrun *run, int op, const assay_jvalue *a, assay_jvalue *out);
assay_status assay_jop_compare(assay_jrun *run, int op, const assay_jvalue *a, const assay_jvalue *b, bool *out);

#endif
