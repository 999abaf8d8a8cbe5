#include "python/py_operator.h"

#include "base/alloc.h"
#include "python/py_format.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_undefined.h"

#include <math.h>
#include <string.h>

static const char *op_name(int op)
{
    static const char names[][3] = {"+", "-", "*", "/", "%"};
    if (op == ASSAY_PY_OP_FLOOR) return "//";
    if (op == ASSAY_PY_OP_POWER) return "**";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i][0] == op) return names[i];
    return "?";
}

static assay_status overflow(assay_py_run *run)
{
    return assay_py_run_unsupported(run, "a whole number beyond 64 bits, which Python would take and this does not");
}

static assay_status whole_power(assay_py_run *run, int64_t base, int64_t exponent, assay_py_value *out)
{
    int64_t result = 1;
    if (base == 0 || base == 1 || base == -1) {
        *out = assay_py_value_int(exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base);
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(result, base, &result)) return overflow(run);
    *out = assay_py_value_int(result);
    return ASSAY_OK;
}

static int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

static assay_status whole_binary(assay_py_run *run, int op, int64_t a, int64_t b, assay_py_value *out)
{
    int64_t result = 0;
    bool over = false;
    if (op == '+') over = __builtin_add_overflow(a, b, &result);
    else if (op == '-') over = __builtin_sub_overflow(a, b, &result);
    else if (op == '*') over = __builtin_mul_overflow(a, b, &result);
    else if (op == ASSAY_PY_OP_POWER) return whole_power(run, a, b, out);
    else if (b == -1) over = op == ASSAY_PY_OP_FLOOR && __builtin_sub_overflow(0, a, &result);
    else result = op == ASSAY_PY_OP_FLOOR ? floor_divide(a, b) : a - floor_divide(a, b) * b;
    if (over) return overflow(run);
    *out = assay_py_value_int(result);
    return ASSAY_OK;
}

static double real_modulo(double a, double b)
{
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Python's own steps (Objects/floatobject.c): the quotient is made from the remainder. */
static double real_floor(double a, double b)
{
    double rest = real_modulo(a, b), quotient = (a - rest) / b;
    if (quotient == 0) return copysign(0, a / b);
    double floored = floor(quotient);
    return quotient - floored > 0.5 ? floored + 1 : floored;
}

static assay_status real_power(assay_py_run *run, double a, double b, assay_py_value *out)
{
    if (a == 0 && b < 0) return assay_py_run_fail(run, "zero cannot be raised to a negative power");
    if (a < 0 && isfinite(b) && b != floor(b)) return assay_py_run_unsupported(run, "a complex number as result of **");
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b))
        return assay_py_run_fail(run, "the result of ** is too large for a float");
    *out = assay_py_value_float(result);
    return ASSAY_OK;
}

static assay_status number_binary(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b,
                                  assay_py_value *out)
{
    int64_t x, y;
    double u = assay_py_value_real(a), v = assay_py_value_real(b);
    bool whole = assay_py_value_is_whole(a, &x) && assay_py_value_is_whole(b, &y);
    if (v == 0 && (op == '/' || op == '%' || op == ASSAY_PY_OP_FLOOR))
        return assay_py_run_fail(run, "division by zero");
    if (whole && op != '/' && !(op == ASSAY_PY_OP_POWER && y < 0)) return whole_binary(run, op, x, y, out);
    if (op == ASSAY_PY_OP_POWER) return real_power(run, u, v, out);
    *out = assay_py_value_float(op == '+'   ? u + v
                                : op == '-' ? u - v
                                : op == '*' ? u * v
                                : op == '/' ? u / v
                                : op == '%' ? real_modulo(u, v)
                                            : real_floor(u, v));
    return ASSAY_OK;
}

static assay_status add_texts(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, assay_py_value *out)
{
    assay_py_value left = *a, right = *b;
    bool markup = a->markup || b->markup;
    if (markup) {
        ASSAY_TRY(assay_py_text_escape(run, a, &left));
        ASSAY_TRY(assay_py_text_escape(run, b, &right));
    }
    ASSAY_TRY(assay_py_text_concat(run, &left, &right, out));
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status add_lists(assay_py_run *run, const assay_py_list *a, const assay_py_list *b, assay_py_value *out)
{
    assay_py_list *sum;
    ASSAY_TRY(assay_py_list_new(run, a->kind == ASSAY_PY_LIST_LIST ? ASSAY_PY_LIST_LIST : ASSAY_PY_LIST_TUPLE,
                                a->count + b->count, &sum));
    for (size_t i = 0; i < a->count; i++) ASSAY_TRY(assay_py_list_push(run, sum, a->items[i]));
    for (size_t i = 0; i < b->count; i++) ASSAY_TRY(assay_py_list_push(run, sum, b->items[i]));
    *out = assay_py_list_value(sum);
    return ASSAY_OK;
}

static assay_status repeat(assay_py_run *run, const assay_py_value *what, int64_t times, assay_py_value *out)
{
    assay_py_list *list;
    assay_py_build build = {0};
    size_t count = times > 0 ? (size_t)times : 0, total;
    if (what->type == ASSAY_PY_TEXT) {
        bool markup = what->markup;
        ASSAY_TRY(assay_py_build_fill(run, &build, what, count));
        *out = assay_py_build_value(&build);
        out->markup = markup;
        return ASSAY_OK;
    }
    const assay_py_list *from = what->as.list;
    if (!assay_mul_size(from->count, count, &total)) return assay_py_run_fail(run, "a list grows too long");
    ASSAY_TRY(assay_py_list_new(run, from->kind == ASSAY_PY_LIST_LIST ? ASSAY_PY_LIST_LIST : ASSAY_PY_LIST_TUPLE, total,
                                &list));
    for (size_t i = 0; i < total; i++) ASSAY_TRY(assay_py_list_push(run, list, from->items[i % from->count]));
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static bool can_repeat(const assay_py_value *value)
{
    return value->type == ASSAY_PY_TEXT || assay_py_value_is_sequence(value);
}

static bool is_list_pair(const assay_py_value *a, const assay_py_value *b)
{
    return assay_py_value_is_sequence(a) && assay_py_value_is_sequence(b) &&
           (a->as.list->kind == ASSAY_PY_LIST_LIST) == (b->as.list->kind == ASSAY_PY_LIST_LIST);
}

assay_status assay_py_op_binary(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b,
                                assay_py_value *out)
{
    int64_t times;
    if (a->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, a);
    if (op == '%' && a->type == ASSAY_PY_TEXT) return assay_py_format_percent(run, a, b, out);
    if (b->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, b);
    if (assay_py_value_is_number(a) && assay_py_value_is_number(b)) return number_binary(run, op, a, b, out);
    if (op == '+' && a->type == ASSAY_PY_TEXT && b->type == ASSAY_PY_TEXT) return add_texts(run, a, b, out);
    if (op == '+' && is_list_pair(a, b)) return add_lists(run, a->as.list, b->as.list, out);
    if (op == '*' && can_repeat(a) && assay_py_value_is_whole(b, &times)) return repeat(run, a, times, out);
    if (op == '*' && can_repeat(b) && assay_py_value_is_whole(a, &times)) return repeat(run, b, times, out);
    return assay_py_run_fail(run, "'%s' is not supported between '%s' and '%s'", op_name(op),
                             assay_py_value_type_name(a), assay_py_value_type_name(b));
}

assay_status assay_py_op_unary(assay_py_run *run, int op, const assay_py_value *a, assay_py_value *out)
{
    int64_t whole;
    if (op == '!') {
        *out = assay_py_value_bool(!assay_py_value_truth(a));
        return ASSAY_OK;
    }
    if (a->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, a);
    if (!assay_py_value_is_number(a))
        return assay_py_run_fail(run, "'%c' is not supported for '%s'", op, assay_py_value_type_name(a));
    if (!assay_py_value_is_whole(a, &whole)) *out = assay_py_value_float(op == '-' ? -a->as.real : a->as.real);
    else if (op == '+') *out = assay_py_value_int(whole);
    else if (whole == INT64_MIN) return overflow(run);
    else *out = assay_py_value_int(-whole);
    return ASSAY_OK;
}

static assay_status compare_order(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b,
                                  bool *out)
{
    const char *name = op == '<' ? "<" : op == '>' ? ">" : op == ASSAY_PY_OP_LESS_EQUAL ? "<=" : ">=";
    int order;
    if (a->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, a);
    if (b->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, b);
    ASSAY_TRY(assay_py_value_order(run, a, b, name, &order));
    *out = order != 2 && (op == '<'                      ? order < 0
                          : op == '>'                    ? order > 0
                          : op == ASSAY_PY_OP_LESS_EQUAL ? order <= 0
                                                         : order >= 0);
    return ASSAY_OK;
}

assay_status assay_py_op_compare(assay_py_run *run, int op, const assay_py_value *a, const assay_py_value *b, bool *out)
{
    if (op == ASSAY_PY_OP_EQUAL || op == ASSAY_PY_OP_UNEQUAL) {
        ASSAY_TRY(assay_py_value_equal(run, a, b, out));
        *out = *out == (op == ASSAY_PY_OP_EQUAL);
        return ASSAY_OK;
    }
    if (op == ASSAY_PY_OP_IN || op == ASSAY_PY_OP_NOT_IN) {
        ASSAY_TRY(assay_py_value_contains(run, b, a, out));
        *out = *out == (op == ASSAY_PY_OP_IN);
        return ASSAY_OK;
    }
    return compare_order(run, op, a, b, out);
}
