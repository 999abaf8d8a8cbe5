/* All filters and tests together. No filter or test comes here: those that take a name ask run->state->names. */
#include "jinja/jinja_tables.h"

const assay_jbuiltin *assay_jfilter_find(const assay_jvalue *name)
{
    static const assay_jbuiltin_table *const tables[] = {&assay_jfilters_text, &assay_jfilters_list,
                                                         &assay_jfilters_pick, &assay_jfilters_number};
    const assay_jbuiltin *found = NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !found; i++) found = assay_jbuiltin_find(tables[i], name);
    return found;
}

const assay_jbuiltin *assay_jtest_find(const assay_jvalue *name) { return assay_jbuiltin_find(&assay_jtests, name); }
