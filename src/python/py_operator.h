/* Python's operators. */
#ifndef ASSAY_PYTHON_PY_OPERATOR_H
#define ASSAY_PYTHON_PY_OPERATOR_H

#include "python/py_value.h"

/* Operators are known by their characters: '+', or two of them as first << 8 | second. */
enum {
    ASSAY_PY_OP_EQUAL = '=' << 8 | '=',
    ASSAY_PY_OP_UNEQUAL = '!' << 8 | '=',
    ASSAY_PY_OP_LESS_EQUAL = '<' << 8 | '=',
    ASSAY_PY_OP_GREATER_EQUAL = '>' << 8 | '=',
    ASSAY_PY_OP_FLOOR = '/' << 8 | '/',
    ASSAY_PY_OP_POWER = '*' << 8 | '*',
    ASSAY_PY_OP_IN = 'i' << 8 | 'n', /* these two are words */
    ASSAY_PY_OP_NOT_IN = 'n' << 8 | 'i'
};

/* + - * / // % **; - + and '!' (not); comparisons and `in`. */
assay_status assay_py_op_binary(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b,
                                assay_py_value *out);
assay_status assay_py_op_unary(assay_py_run *run, int op, const assay_py_value *a, assay_py_value *out);
assay_status assay_py_op_compare(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b,
                                 bool *out);

#endif
