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

static assay_status run_abs(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0];
    int64_t whole;
    if (value->type == ASSAY_J_UNDEFINED || !assay_jvalue_is_number(value))
        return assay_jrun_fail(run, "abs wants a number, not '%s'", assay_jvalue_type_name(value));
    if (!assay_jvalue_is_whole(value, &whole)) *out = assay_jvalue_float(fabs(value->as.real));
    else if (whole < 0) return assay_jop_unary(run, '-', value, out);
    else *out = assay_jvalue_int(whole);
    return ASSAY_OK;
}

/* int() of a float; false: not a number or infinite. */
static assay_status truncate_real(assay_jrun *run, double real, assay_jvalue *out)
{
    if (fabs(real) >= 0x1p63) return assay_jrun_unsupported(run, "a whole number beyond 64 bits");
    *out = assay_jvalue_int((int64_t)real);
    return ASSAY_OK;
}

static assay_status text_to_int(assay_jrun *run, const assay_jvalue *given, int64_t base, const assay_jvalue *missing,
                                assay_jvalue *out)
{
    assay_jvalue text;
    int64_t whole;
    double real;
    bool fits;
    *out = *missing;
    ASSAY_TRY(assay_jtext_strip(run, given, NULL, ASSAY_JSTRIP_LEFT | ASSAY_JSTRIP_RIGHT, &text));
    if (base != 0 && (base < 2 || base > 36)) return ASSAY_OK;
    if (assay_jnumber_read_whole(text.as.text, text.size, (int)base, &whole, &fits)) {
        if (!fits) return assay_jrun_unsupported(run, "a whole number beyond 64 bits");
        *out = assay_jvalue_int(whole);
        return ASSAY_OK;
    }
    if (!assay_jnumber_read_real(text.as.text, text.size, &real) || !isfinite(real)) return ASSAY_OK;
    return truncate_real(run, real, out);
}

static assay_status run_int(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0];
    assay_jvalue missing = call->items[1].type == ASSAY_J_MISSING ? assay_jvalue_int(0) : call->items[1];
    int64_t base, whole;
    ASSAY_TRY(assay_jargument_int(run, &call->items[2], 10, "the base of int", &base));
    if (value->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, value);
    if (value->type == ASSAY_J_TEXT) return text_to_int(run, value, base, &missing, out);
    if (assay_jvalue_is_whole(value, &whole)) *out = assay_jvalue_int(whole);
    else if (value->type != ASSAY_J_FLOAT || isnan(value->as.real)) *out = missing;
    else if (isinf(value->as.real)) return assay_jrun_fail(run, "an infinite number has no whole part");
    else return truncate_real(run, value->as.real, out);
    return ASSAY_OK;
}

static assay_status run_float(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0];
    assay_jvalue text;
    double real;
    *out = call->items[1].type == ASSAY_J_MISSING ? assay_jvalue_float(0) : call->items[1];
    if (value->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, value);
    if (assay_jvalue_is_number(value)) *out = assay_jvalue_float(assay_jvalue_real(value));
    if (value->type != ASSAY_J_TEXT) return ASSAY_OK;
    ASSAY_TRY(assay_jtext_strip(run, value, NULL, ASSAY_JSTRIP_LEFT | ASSAY_JSTRIP_RIGHT, &text));
    if (assay_jnumber_read_real(text.as.text, text.size, &real)) *out = assay_jvalue_float(real);
    return ASSAY_OK;
}

/* round(): to even where it lies in the middle, on the exact value of the double, as printf does. */
static double round_real(double real, int64_t precision)
{
    char text[ASSAY_JNUMBER_TEXT];
    double result = real, scale = pow(10, (double)-precision);
    if (!isfinite(real) || precision > 22) return real;
    if (precision < 0) return precision < -308 ? 0 * real : nearbyint(real / scale) * scale;
    assay_jnumber_print(real, 'f', (int)precision, false, text);
    assay_jnumber_read_real(text, strlen(text), &result);
    return result;
}

static assay_status round_whole(assay_jrun *run, int64_t whole, int64_t precision, assay_jvalue *out)
{
    if (precision < -15) return assay_jrun_unsupported(run, "rounding a whole number to more than 15 zeros");
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
    *out = assay_jvalue_int(whole);
    return ASSAY_OK;
}

static assay_status run_round(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0], *method = &call->items[2];
    bool up = assay_jvalue_is_text(method, "ceil"), down = assay_jvalue_is_text(method, "floor");
    int64_t precision, whole;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 0, "the precision of round", &precision));
    if (!up && !down && method->type != ASSAY_J_MISSING && !assay_jvalue_is_text(method, "common"))
        return assay_jrun_fail(run, "the method of round is common, ceil or floor");
    if (value->type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, value);
    if (!assay_jvalue_is_number(value))
        return assay_jrun_fail(run, "round wants a number, not '%s'", assay_jvalue_type_name(value));
    if (up || down) {
        double scale = pow(10, (double)precision), scaled = assay_jvalue_real(value) * scale;
        *out = assay_jvalue_float((up ? ceil(scaled) : floor(scaled)) / scale);
        return ASSAY_OK;
    }
    if (assay_jvalue_is_whole(value, &whole)) return round_whole(run, whole, precision, out);
    *out = assay_jvalue_float(round_real(value->as.real, precision));
    return ASSAY_OK;
}

static assay_status run_filesizeformat(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    static const char *const names[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                            {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
    char text[ASSAY_JNUMBER_TEXT];
    bool binary = assay_jargument_truth(&call->items[1], false);
    double base = binary ? 1024 : 1000, bytes = 0, unit = base * base;
    assay_jbuild build = {0};
    int at = 0;
    const assay_jvalue *value = &call->items[0];
    if (assay_jvalue_is_number(value)) bytes = assay_jvalue_real(value);
    else if (value->type != ASSAY_J_TEXT || !assay_jnumber_read_real(value->as.text, value->size, &bytes))
        return assay_jrun_fail(run, "filesizeformat wants a number, not '%s'", assay_jvalue_type_name(value));
    if (!isfinite(bytes) || fabs(bytes) > 1e30) return assay_jrun_fail(run, "filesizeformat wants a size");
    if (bytes == 1) ASSAY_TRY(assay_jbuild_literal(run, &build, "1 Byte"));
    else if (bytes < base)
        ASSAY_TRY(assay_jbuild_printf(run, &build, "%lld Bytes", (long long)(fabs(bytes) < 9e18 ? bytes : 0)));
    else {
        for (; at < 7 && bytes >= unit; at++) unit *= base;
        assay_jnumber_print(base * bytes / unit, 'f', 1, false, text);
        ASSAY_TRY(assay_jbuild_printf(run, &build, "%s %s", text, names[binary][at]));
    }
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

static const assay_jbuiltin filters[] = {
    {"int", "value default= base=", false, run_int},
    {"float", "value default=", false, run_float},
    {"round", "value precision= method=", false, run_round},
    {"abs", "x", true, run_abs},
    {"filesizeformat", "value binary=", false, run_filesizeformat},
};
const assay_jbuiltin_table assay_jfilters_number = {filters, sizeof filters / sizeof *filters};
