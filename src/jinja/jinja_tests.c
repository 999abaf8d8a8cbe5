/* `value is test`. */
#include "jinja/jinja_state.h"
#include "jinja/jinja_tables.h"
#include "python/py_operator.h"
#include "python/py_point.h"
#include "python/py_print.h"

static assay_status answer(bool truth, assay_py_value *out)
{
    *out = assay_py_value_bool(truth);
    return ASSAY_OK;
}

/* value % number == rest, with Python's remainder. */
static assay_status divides(assay_py_run *run, const assay_py_value *value, const assay_py_value *number, int64_t rest,
                            assay_py_value *out)
{
    assay_py_value left, wanted = assay_py_value_int(rest);
    bool equal;
    ASSAY_TRY(assay_py_op_binary(run, '%', value, number, &left));
    ASSAY_TRY(assay_py_value_equal(run, &left, &wanted, &equal));
    return answer(equal, out);
}

static assay_status is_odd(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value two = assay_py_value_int(2);
    return divides(run, &call->items[0], &two, 1, out);
}

static assay_status is_even(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value two = assay_py_value_int(2);
    return divides(run, &call->items[0], &two, 0, out);
}

static assay_status is_divisible(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return divides(run, &call->items[0], &call->items[1], 0, out);
}

static assay_status is_defined(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type != ASSAY_PY_UNDEFINED, out);
}

static assay_status is_undefined(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_UNDEFINED, out);
}

static assay_status is_filter(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return answer(call->items[0].type == ASSAY_PY_TEXT && run->state->names->filter(&call->items[0]), out);
}

static assay_status is_test(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return answer(call->items[0].type == ASSAY_PY_TEXT && run->state->names->test(&call->items[0]), out);
}

static assay_status is_none(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_NONE, out);
}

static assay_status is_boolean(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_BOOL, out);
}

static assay_status is_false(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_BOOL && !call->items[0].as.truth, out);
}

static assay_status is_true(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_BOOL && call->items[0].as.truth, out);
}

static assay_status is_integer(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_INT, out);
}

static assay_status is_float(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_FLOAT, out);
}

/* At least one cased character, and none of the other case. */
static assay_status is_cased(assay_py_run *run, const assay_py_call *call, bool upper, assay_py_value *out)
{
    assay_py_value text;
    bool any = false, other = false;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], false, &text));
    ASSAY_TRY(assay_py_run_charge(run, text.size));
    for (size_t i = 0; i < text.size; i += assay_py_text_step(&text, i)) {
        int32_t point = assay_py_text_point(&text, i);
        bool is_upper = assay_py_point_is_upper(point), is_lower = assay_py_point_is_lower(point);
        any = any || (upper ? is_upper : is_lower);
        other = other || (upper ? is_lower : is_upper) || assay_py_point_is_title(point);
    }
    return answer(any && !other, out);
}

static assay_status is_lower(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return is_cased(run, call, false, out);
}
static assay_status is_upper(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return is_cased(run, call, true, out);
}

static assay_status is_string(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_TEXT, out);
}

static assay_status is_mapping(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_DICT, out);
}

static assay_status is_number(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(assay_py_value_is_number(&call->items[0]), out);
}

/* What has a length and items. Asking an undefined value for its items is an error that the test swallows. */
static assay_status is_sequence(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0];
    (void)run;
    return answer(value->type == ASSAY_PY_TEXT || value->type == ASSAY_PY_DICT || value->type == ASSAY_PY_RANGE ||
                      value->type == ASSAY_PY_UNDEFINED || assay_py_value_is_sequence(value),
                  out);
}

static assay_status is_iterable(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(assay_py_value_is_iterable(&call->items[0]), out);
}

static assay_status is_callable(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(assay_py_value_is_callable(&call->items[0]), out);
}

/* Identity. Texts and numbers have none of their own here: equal ones of one type count as the same. */
static assay_status is_same(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *a = &call->items[0], *b = &call->items[1];
    bool same = a->type == b->type;
    if (same && (a->type == ASSAY_PY_TEXT || assay_py_value_is_number(a)))
        ASSAY_TRY(assay_py_value_equal(run, a, b, &same));
    else if (same && a->type != ASSAY_PY_NONE) same = a->as.list == b->as.list;
    return answer(same, out);
}

static assay_status is_escaped(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_PY_TEXT && call->items[0].markup, out);
}

static assay_status compares(assay_py_run *run, int op, const assay_py_call *call, assay_py_value *out)
{
    bool holds;
    ASSAY_TRY(assay_py_op_compare(run, op, &call->items[0], &call->items[1], &holds));
    return answer(holds, out);
}

static assay_status is_in(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, ASSAY_PY_OP_IN, call, out);
}
static assay_status is_equal(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, ASSAY_PY_OP_EQUAL, call, out);
}
static assay_status is_unequal(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, ASSAY_PY_OP_UNEQUAL, call, out);
}
static assay_status is_greater(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, '>', call, out);
}
static assay_status is_at_least(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, ASSAY_PY_OP_GREATER_EQUAL, call, out);
}
static assay_status is_less(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, '<', call, out);
}
static assay_status is_at_most(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return compares(run, ASSAY_PY_OP_LESS_EQUAL, call, out);
}

static const assay_py_builtin tests[] = {
    {"odd", "value", false, is_odd},
    {"even", "value", false, is_even},
    {"divisibleby", "value num", false, is_divisible},
    {"defined", "value", false, is_defined},
    {"undefined", "value", false, is_undefined},
    {"filter", "value", false, is_filter},
    {"test", "value", false, is_test},
    {"none", "value", false, is_none},
    {"boolean", "value", false, is_boolean},
    {"false", "value", false, is_false},
    {"true", "value", false, is_true},
    {"integer", "value", false, is_integer},
    {"float", "value", false, is_float},
    {"lower", "value", false, is_lower},
    {"upper", "value", false, is_upper},
    {"string", "value", false, is_string},
    {"mapping", "value", false, is_mapping},
    {"number", "value", false, is_number},
    {"sequence", "value", false, is_sequence},
    {"iterable", "value", false, is_iterable},
    {"callable", "value", true, is_callable},
    {"sameas", "value other", false, is_same},
    {"escaped", "value", false, is_escaped},
    {"in", "value seq", false, is_in},
    {"==", "a b", true, is_equal},
    {"eq", "a b", true, is_equal},
    {"equalto", "a b", true, is_equal},
    {"!=", "a b", true, is_unequal},
    {"ne", "a b", true, is_unequal},
    {">", "a b", true, is_greater},
    {"gt", "a b", true, is_greater},
    {"greaterthan", "a b", true, is_greater},
    {"ge", "a b", true, is_at_least},
    {">=", "a b", true, is_at_least},
    {"<", "a b", true, is_less},
    {"lt", "a b", true, is_less},
    {"lessthan", "a b", true, is_less},
    {"<=", "a b", true, is_at_most},
    {"le", "a b", true, is_at_most},
};
const assay_py_builtin_table assay_jinja_tests = {tests, sizeof tests / sizeof *tests};
