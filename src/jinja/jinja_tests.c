/* `value is test`. */
#include "jinja/jinja_state.h"
#include "jinja/jinja_tables.h"
#include "python/py_operator.h"
#include "python/py_point.h"
#include "python/py_print.h"

static assay_status answer(bool truth, assay_jvalue *out)
{
    *out = assay_jvalue_bool(truth);
    return ASSAY_OK;
}

/* value % number == rest, with Python's remainder. */
static assay_status divides(assay_jrun *run, const assay_jvalue *value, const assay_jvalue *number, int64_t rest,
                            assay_jvalue *out)
{
    assay_jvalue left, wanted = assay_jvalue_int(rest);
    bool equal;
    ASSAY_TRY(assay_jop_binary(run, '%', value, number, &left));
    ASSAY_TRY(assay_jvalue_equal(run, &left, &wanted, &equal));
    return answer(equal, out);
}

static assay_status is_odd(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue two = assay_jvalue_int(2);
    return divides(run, &call->items[0], &two, 1, out);
}

static assay_status is_even(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue two = assay_jvalue_int(2);
    return divides(run, &call->items[0], &two, 0, out);
}

static assay_status is_divisible(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return divides(run, &call->items[0], &call->items[1], 0, out);
}

static assay_status is_defined(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type != ASSAY_J_UNDEFINED, out);
}

static assay_status is_undefined(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_UNDEFINED, out);
}

static assay_status is_filter(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return answer(call->items[0].type == ASSAY_J_TEXT && run->state->names->filter(&call->items[0]), out);
}

static assay_status is_test(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return answer(call->items[0].type == ASSAY_J_TEXT && run->state->names->test(&call->items[0]), out);
}

static assay_status is_none(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_NONE, out);
}

static assay_status is_boolean(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_BOOL, out);
}

static assay_status is_false(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_BOOL && !call->items[0].as.truth, out);
}

static assay_status is_true(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_BOOL && call->items[0].as.truth, out);
}

static assay_status is_integer(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_INT, out);
}

static assay_status is_float(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_FLOAT, out);
}

/* At least one cased character, and none of the other case. */
static assay_status is_cased(assay_jrun *run, const assay_jcall *call, bool upper, assay_jvalue *out)
{
    assay_jvalue text;
    bool any = false, other = false;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], false, &text));
    ASSAY_TRY(assay_jrun_charge(run, text.size));
    for (size_t i = 0; i < text.size; i += assay_jtext_step(&text, i)) {
        int32_t point = assay_jtext_point(&text, i);
        bool is_upper = assay_jpoint_is_upper(point), is_lower = assay_jpoint_is_lower(point);
        any = any || (upper ? is_upper : is_lower);
        other = other || (upper ? is_lower : is_upper) || assay_jpoint_is_title(point);
    }
    return answer(any && !other, out);
}

static assay_status is_lower(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return is_cased(run, call, false, out);
}
static assay_status is_upper(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return is_cased(run, call, true, out);
}

static assay_status is_string(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_TEXT, out);
}

static assay_status is_mapping(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_DICT, out);
}

static assay_status is_number(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(assay_jvalue_is_number(&call->items[0]), out);
}

/* What has a length and items. Asking an undefined value for its items is an error that the test swallows. */
static assay_status is_sequence(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0];
    (void)run;
    return answer(value->type == ASSAY_J_TEXT || value->type == ASSAY_J_DICT || value->type == ASSAY_J_RANGE ||
                      value->type == ASSAY_J_UNDEFINED || assay_jvalue_is_sequence(value),
                  out);
}

static assay_status is_iterable(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(assay_jvalue_is_iterable(&call->items[0]), out);
}

static assay_status is_callable(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(assay_jvalue_is_callable(&call->items[0]), out);
}

/* Identity. Texts and numbers have none of their own here: equal ones of one type count as the same. */
static assay_status is_same(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *a = &call->items[0], *b = &call->items[1];
    bool same = a->type == b->type;
    if (same && (a->type == ASSAY_J_TEXT || assay_jvalue_is_number(a))) ASSAY_TRY(assay_jvalue_equal(run, a, b, &same));
    else if (same && a->type != ASSAY_J_NONE) same = a->as.list == b->as.list;
    return answer(same, out);
}

static assay_status is_escaped(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)run;
    return answer(call->items[0].type == ASSAY_J_TEXT && call->items[0].markup, out);
}

static assay_status compares(assay_jrun *run, int op, const assay_jcall *call, assay_jvalue *out)
{
    bool holds;
    ASSAY_TRY(assay_jop_compare(run, op, &call->items[0], &call->items[1], &holds));
    return answer(holds, out);
}

static assay_status is_in(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, ASSAY_JOP_IN, call, out);
}
static assay_status is_equal(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, ASSAY_JOP_EQUAL, call, out);
}
static assay_status is_unequal(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, ASSAY_JOP_UNEQUAL, call, out);
}
static assay_status is_greater(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, '>', call, out);
}
static assay_status is_at_least(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, ASSAY_JOP_GREATER_EQUAL, call, out);
}
static assay_status is_less(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, '<', call, out);
}
static assay_status is_at_most(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return compares(run, ASSAY_JOP_LESS_EQUAL, call, out);
}

static const assay_jbuiltin tests[] = {
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
const assay_jbuiltin_table assay_jtests = {tests, sizeof tests / sizeof *tests};
