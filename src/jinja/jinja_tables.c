/* All filters and tests together. No filter or test comes here: those that take a name ask run->state->names. */
#include "jinja/jinja_tables.h"

const assay_py_builtin *assay_jinja_filter_find(const assay_py_value *name)
{
    static const assay_py_builtin_table *const tables[] = {&assay_jinja_filters_text, &assay_jinja_filters_list,
                                                           &assay_jinja_filters_pick, &assay_jinja_filters_number};
    const assay_py_builtin *found = NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !found; i++)
        found = assay_py_builtin_find(tables[i], name);
    return found;
}

const assay_py_builtin *assay_jinja_test_find(const assay_py_value *name)
{
    return assay_py_builtin_find(&assay_jinja_tests, name);
}
