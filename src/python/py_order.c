/* Which of two values is smaller, where Python has an order between them. */
#include "python/py_run.h"
#include "python/py_value.h"

static assay_status order_at(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, const char *operator,
                             int depth, int *out);

static assay_status order_lists(assay_py_run *run, const assay_py_list *a, const assay_py_list *b, const char *operator,
                                int depth, int *out)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool equal;
        ASSAY_TRY(assay_py_value_equal_at(run, &a->items[i], &b->items[i], depth + 1, &equal));
        if (!equal) return order_at(run, &a->items[i], &b->items[i], operator, depth + 1, out);
    }
    *out = a->count < b->count ? -1 : a->count > b->count;
    return ASSAY_OK;
}

static assay_status order_at(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, const char *operator,
                             int depth, int *out)
{
    bool lists = assay_py_value_is_sequence(a) && assay_py_value_is_sequence(b) &&
                 (a->as.list->kind == ASSAY_PY_LIST_LIST) == (b->as.list->kind == ASSAY_PY_LIST_LIST);
    if (depth > ASSAY_PY_VALUE_DEPTH) return assay_py_run_fail(run, "a value is nested too deeply to be compared");
    ASSAY_TRY(assay_py_run_step(run));
    if (assay_py_value_is_number(a) && assay_py_value_is_number(b)) *out = assay_py_value_order_numbers(a, b);
    else if (a->type == ASSAY_PY_TEXT && b->type == ASSAY_PY_TEXT) *out = assay_py_value_order_texts(a, b);
    else if (lists) return order_lists(run, a->as.list, b->as.list, operator, depth, out);
    else
        return assay_py_run_fail(run, "'%s' is not supported between '%s' and '%s'", operator,
                                 assay_py_value_type_name(a), assay_py_value_type_name(b));
    return ASSAY_OK;
}

assay_status assay_py_value_order(assay_py_run *run, const assay_py_value *a, const assay_py_value *b,
                                  const char *operator, int * out)
{
    return order_at(run, a, b, operator, 0, out);
}
