/* Names to filters, tests and global functions; NULL: there is none of this name. */
#ifndef ASSAY_JINJA_JINJA_TABLES_H
#define ASSAY_JINJA_JINJA_TABLES_H

#include "python/py_builtin.h"

const assay_py_builtin *assay_jinja_filter_find(const assay_py_value *name);
const assay_py_builtin *assay_jinja_test_find(const assay_py_value *name);
const assay_py_builtin *assay_jinja_global_find(const assay_py_value *name); /* jinja_globals.c */

/* The tables, a concern each. */
extern const assay_py_builtin_table assay_jinja_filters_text, assay_jinja_filters_list, assay_jinja_filters_pick,
    assay_jinja_filters_number;
extern const assay_py_builtin_table assay_jinja_tests;

#endif
