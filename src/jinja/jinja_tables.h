/* Names to filters, tests and global functions; NULL: there is none of this name. */
#ifndef ASSAY_JINJA_JINJA_TABLES_H
#define ASSAY_JINJA_JINJA_TABLES_H

#include "python/py_builtin.h"

const assay_jbuiltin *assay_jfilter_find(const assay_jvalue *name);
const assay_jbuiltin *assay_jtest_find(const assay_jvalue *name);
const assay_jbuiltin *assay_jglobal_find(const assay_jvalue *name); /* jinja_globals.c */

/* The tables, a concern each. */
extern const assay_jbuiltin_table assay_jfilters_text, assay_jfilters_list, assay_jfilters_pick, assay_jfilters_number;
extern const assay_jbuiltin_table assay_jtests;

#endif
