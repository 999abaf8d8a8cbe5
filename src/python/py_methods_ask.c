/* The methods of str that ask about its characters, and those that are there but refused. */
#include "python/py_methods.h"

#include "python/py_point.h"
#include "python/py_run.h"
#include "python/py_text.h"

/* True where there are characters and all of them are so. */
static assay_status all_are(assay_py_run *run, const assay_py_call *call, bool (*is)(int32_t point), bool empty,
                            assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    bool all = text->size > 0 || empty;
    ASSAY_TRY(assay_py_run_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size && all; i += assay_py_text_step(text, i)) all = is(assay_py_text_point(text, i));
    *out = assay_py_value_bool(all);
    return ASSAY_OK;
}

static bool is_ascii(int32_t point) { return point < 0x80; }
static bool is_alnum(int32_t point)
{
    return assay_py_point_is_alpha(point) || assay_py_point_is_numeric(point) || assay_py_point_is_digit(point);
}

static assay_status run_isspace(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_space, false, out);
}
static assay_status run_isalpha(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_alpha, false, out);
}
static assay_status run_isalnum(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, is_alnum, false, out);
}
static assay_status run_isdigit(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_digit, false, out);
}
static assay_status run_isdecimal(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_decimal, false, out);
}
static assay_status run_isnumeric(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_numeric, false, out);
}
static assay_status run_isprintable(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, assay_py_point_is_printable, true, out);
}
static assay_status run_isascii(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return all_are(run, call, is_ascii, true, out);
}

static assay_status run_isidentifier(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    int32_t first = call->items[0].size ? assay_py_text_point(&call->items[0], 0) : '0';
    ASSAY_TRY(all_are(run, call, assay_py_point_is_name, false, out));
    if (assay_py_point_is_decimal(first)) *out = assay_py_value_bool(false);
    return ASSAY_OK;
}

static assay_status ask_case(assay_py_run *run, const assay_py_call *call, bool upper, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    bool any = false, other = false;
    ASSAY_TRY(assay_py_run_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        int32_t point = assay_py_text_point(text, i);
        bool is_upper = assay_py_point_is_upper(point), is_lower = assay_py_point_is_lower(point);
        any = any || (upper ? is_upper : is_lower);
        other = other || (upper ? is_lower : is_upper) || assay_py_point_is_title(point);
    }
    *out = assay_py_value_bool(any && !other);
    return ASSAY_OK;
}

static assay_status run_islower(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return ask_case(run, call, false, out);
}
static assay_status run_isupper(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return ask_case(run, call, true, out);
}

/* Upper or title case only at the beginning of words, lower case only inside. */
static assay_status run_istitle(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    bool any = false, right = true, inside = false;
    ASSAY_TRY(assay_py_run_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        int32_t point = assay_py_text_point(text, i);
        bool begins = assay_py_point_is_upper(point) || assay_py_point_is_title(point),
             lower = assay_py_point_is_lower(point);
        right = right && !(begins && inside) && !(lower && !inside);
        any = any || begins;
        inside = begins || lower;
    }
    *out = assay_py_value_bool(any && right);
    return ASSAY_OK;
}

static assay_status run_refused(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)call;
    (void)out;
    return assay_py_run_unsupported(run, "the string methods encode, translate and maketrans are not supported");
}

static const assay_py_builtin methods[] = {
    {"isspace", "self", true, run_isspace},
    {"isalpha", "self", true, run_isalpha},
    {"isalnum", "self", true, run_isalnum},
    {"isdigit", "self", true, run_isdigit},
    {"isdecimal", "self", true, run_isdecimal},
    {"isnumeric", "self", true, run_isnumeric},
    {"isprintable", "self", true, run_isprintable},
    {"isascii", "self", true, run_isascii},
    {"isidentifier", "self", true, run_isidentifier},
    {"islower", "self", true, run_islower},
    {"isupper", "self", true, run_isupper},
    {"istitle", "self", true, run_istitle},
    {"encode", NULL, false, run_refused},
    {"translate", NULL, false, run_refused},
    {"maketrans", NULL, false, run_refused},
};
const assay_py_builtin_table assay_py_methods_text_test = {methods, sizeof methods / sizeof *methods};
