/* Which of two values is smaller, where Python has an order between them. */
#include "python/py_run.h"
#include "python/py_value.h"

static assay_status order_at(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, const char *operator,
                             int depth, int *out);

static assay_status order_lists(assay_jrun *run, const assay_jlist *a, const assay_jlist *b, const char *operator,
                                int depth, int *out)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool equal;
        ASSAY_TRY(assay_jvalue_equal_at(run, &a->items[i], &b->items[i], depth + 1, &equal));
        if (!equal) return order_at(run, &a->items[i], &b->items[i], operator, depth + 1, out);
    }
    *out = a->count < b->count ? -1 : a->count > b->count;
    return ASSAY_OK;
}

static assay_status order_at(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, const char *operator,
                             int depth, int *out)
{
    bool lists = assay_jvalue_is_sequence(a) && assay_jvalue_is_sequence(b) &&
                 (a->as.list->kind == ASSAY_JLIST_LIST) == (b->as.list->kind == ASSAY_JLIST_LIST);
    if (depth > ASSAY_JVALUE_DEPTH) return assay_jrun_fail(run, "a value is nested too deeply to be compared");
    ASSAY_TRY(assay_jrun_step(run));
    if (assay_jvalue_is_number(a) && assay_jvalue_is_number(b)) *out = assay_jvalue_order_numbers(a, b);
    else if (a->type == ASSAY_J_TEXT && b->type == ASSAY_J_TEXT) *out = assay_jvalue_order_texts(a, b);
    else if (lists) return order_lists(run, a->as.list, b->as.list, operator, depth, out);
    else
        return assay_jrun_fail(run, "'%s' is not supported between '%s' and '%s'", operator, assay_jvalue_type_name(a),
                               assay_jvalue_type_name(b));
    return ASSAY_OK;
}

assay_status assay_jvalue_order(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, const char *operator,
                                int * out)
{
    return order_at(run, a, b, operator, 0, out);
}
