/* Filters over numbers. */
#include "jinja/jinja_tables.h"
#include "python/py_number.h"
#include "python/py_operator.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_undefined.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static assay_status run_abs(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0];
    int64_t whole;
    if (value->type == ASSAY_PY_UNDEFINED || !assay_py_value_is_number(value))
        return assay_py_run_fail(run, "abs wants a number, not '%s'", assay_py_value_type_name(value));
    if (!assay_py_value_is_whole(value, &whole)) *out = assay_py_value_float(fabs(value->as.real));
    else if (whole < 0) return assay_py_op_unary(run, '-', value, out);
    else *out = assay_py_value_int(whole);
    return ASSAY_OK;
}

/* int() of a float; false: not a number or infinite. */
static assay_status truncate_real(assay_py_run *run, double real, assay_py_value *out)
{
    if (fabs(real) >= 0x1p63) return assay_py_run_unsupported(run, "a whole number beyond 64 bits");
    *out = assay_py_value_int((int64_t)real);
    return ASSAY_OK;
}

static assay_status text_to_int(assay_py_run *run, const assay_py_value *given, int64_t base,
                                const assay_py_value *missing, assay_py_value *out)
{
    assay_py_value text;
    int64_t whole;
    double real;
    bool fits;
    *out = *missing;
    ASSAY_TRY(assay_py_text_strip(run, given, NULL, ASSAY_PY_STRIP_LEFT | ASSAY_PY_STRIP_RIGHT, &text));
    if (base != 0 && (base < 2 || base > 36)) return ASSAY_OK;
    if (assay_py_number_read_whole(text.as.text, text.size, (int)base, &whole, &fits)) {
        if (!fits) return assay_py_run_unsupported(run, "a whole number beyond 64 bits");
        *out = assay_py_value_int(whole);
        return ASSAY_OK;
    }
    if (!assay_py_number_read_real(text.as.text, text.size, &real) || !isfinite(real)) return ASSAY_OK;
    return truncate_real(run, real, out);
}

static assay_status run_int(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0];
    assay_py_value missing = call->items[1].type == ASSAY_PY_MISSING ? assay_py_value_int(0) : call->items[1];
    int64_t base, whole;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[2], 10, "the base of int", &base));
    if (value->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, value);
    if (value->type == ASSAY_PY_TEXT) return text_to_int(run, value, base, &missing, out);
    if (assay_py_value_is_whole(value, &whole)) *out = assay_py_value_int(whole);
    else if (value->type != ASSAY_PY_FLOAT || isnan(value->as.real)) *out = missing;
    else if (isinf(value->as.real)) return assay_py_run_fail(run, "an infinite number has no whole part");
    else return truncate_real(run, value->as.real, out);
    return ASSAY_OK;
}

static assay_status run_float(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0];
    assay_py_value text;
    double real;
    *out = call->items[1].type == ASSAY_PY_MISSING ? assay_py_value_float(0) : call->items[1];
    if (value->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, value);
    if (assay_py_value_is_number(value)) *out = assay_py_value_float(assay_py_value_real(value));
    if (value->type != ASSAY_PY_TEXT) return ASSAY_OK;
    ASSAY_TRY(assay_py_text_strip(run, value, NULL, ASSAY_PY_STRIP_LEFT | ASSAY_PY_STRIP_RIGHT, &text));
    if (assay_py_number_read_real(text.as.text, text.size, &real)) *out = assay_py_value_float(real);
    return ASSAY_OK;
}

/* round(): to even where it lies in the middle, on the exact value of the double, as printf does. */
static double round_real(double real, int64_t precision)
{
    char text[ASSAY_PY_NUMBER_TEXT];
    double result = real, scale = pow(10, (double)-precision);
    if (!isfinite(real) || precision > 22) return real;
    if (precision < 0) return precision < -308 ? 0 * real : nearbyint(real / scale) * scale;
    assay_py_number_print(real, 'f', (int)precision, false, text);
    assay_py_number_read_real(text, strlen(text), &result);
    return result;
}

static assay_status round_whole(assay_py_run *run, int64_t whole, int64_t precision, assay_py_value *out)
{
    if (precision < -15) return assay_py_run_unsupported(run, "rounding a whole number to more than 15 zeros");
    if (precision < 0) {
        int64_t scale = 1;
        for (; precision < 0; precision++) scale *= 10;
        int64_t rest = whole % scale, down = whole - rest;
        if (rest < 0) {
            down -= scale;
            rest += scale;
        }
        bool up = rest * 2 > scale || (rest * 2 == scale && down / scale % 2 != 0);
        whole = up ? down + scale : down;
    }
    *out = assay_py_value_int(whole);
    return ASSAY_OK;
}

static assay_status run_round(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0], *method = &call->items[2];
    bool up = assay_py_value_is_text(method, "ceil"), down = assay_py_value_is_text(method, "floor");
    int64_t precision, whole;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 0, "the precision of round", &precision));
    if (!up && !down && method->type != ASSAY_PY_MISSING && !assay_py_value_is_text(method, "common"))
        return assay_py_run_fail(run, "the method of round is common, ceil or floor");
    if (value->type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, value);
    if (!assay_py_value_is_number(value))
        return assay_py_run_fail(run, "round wants a number, not '%s'", assay_py_value_type_name(value));
    if (up || down) {
        double scale = pow(10, (double)precision), scaled = assay_py_value_real(value) * scale;
        *out = assay_py_value_float((up ? ceil(scaled) : floor(scaled)) / scale);
        return ASSAY_OK;
    }
    if (assay_py_value_is_whole(value, &whole)) return round_whole(run, whole, precision, out);
    *out = assay_py_value_float(round_real(value->as.real, precision));
    return ASSAY_OK;
}

static assay_status run_filesizeformat(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    static const char *const names[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                            {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
    char text[ASSAY_PY_NUMBER_TEXT];
    bool binary = assay_py_argument_truth(&call->items[1], false);
    double base = binary ? 1024 : 1000, bytes = 0, unit = base * base;
    assay_py_build build = {0};
    int at = 0;
    const assay_py_value *value = &call->items[0];
    if (assay_py_value_is_number(value)) bytes = assay_py_value_real(value);
    else if (value->type != ASSAY_PY_TEXT || !assay_py_number_read_real(value->as.text, value->size, &bytes))
        return assay_py_run_fail(run, "filesizeformat wants a number, not '%s'", assay_py_value_type_name(value));
    if (!isfinite(bytes) || fabs(bytes) > 1e30) return assay_py_run_fail(run, "filesizeformat wants a size");
    if (bytes == 1) ASSAY_TRY(assay_py_build_literal(run, &build, "1 Byte"));
    else if (bytes < base)
        ASSAY_TRY(assay_py_build_printf(run, &build, "%lld Bytes", (long long)(fabs(bytes) < 9e18 ? bytes : 0)));
    else {
        for (; at < 7 && bytes >= unit; at++) unit *= base;
        assay_py_number_print(base * bytes / unit, 'f', 1, false, text);
        ASSAY_TRY(assay_py_build_printf(run, &build, "%s %s", text, names[binary][at]));
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

static const assay_py_builtin filters[] = {
    {"int", "value default= base=", false, run_int},
    {"float", "value default=", false, run_float},
    {"round", "value precision= method=", false, run_round},
    {"abs", "x", true, run_abs},
    {"filesizeformat", "value binary=", false, run_filesizeformat},
};
const assay_py_builtin_table assay_jinja_filters_number = {filters, sizeof filters / sizeof *filters};
