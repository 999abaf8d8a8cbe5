/* The methods of str that ask about its characters, and those that are there but refused. */
#include "python/py_methods.h"

#include "python/py_point.h"
#include "python/py_run.h"
#include "python/py_text.h"

/* True where there are characters and all of them are so. */
static assay_status all_are(assay_jrun *run, const assay_jcall *call, bool (*is)(int32_t point), bool empty,
                            assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    bool all = text->size > 0 || empty;
    ASSAY_TRY(assay_jrun_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size && all; i += assay_jtext_step(text, i)) all = is(assay_jtext_point(text, i));
    *out = assay_jvalue_bool(all);
    return ASSAY_OK;
}

static bool is_ascii(int32_t point) { return point < 0x80; }
static bool is_alnum(int32_t point)
{
    return assay_jpoint_is_alpha(point) || assay_jpoint_is_numeric(point) || assay_jpoint_is_digit(point);
}

static assay_status run_isspace(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_space, false, out);
}
static assay_status run_isalpha(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_alpha, false, out);
}
static assay_status run_isalnum(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, is_alnum, false, out);
}
static assay_status run_isdigit(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_digit, false, out);
}
static assay_status run_isdecimal(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_decimal, false, out);
}
static assay_status run_isnumeric(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_numeric, false, out);
}
static assay_status run_isprintable(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, assay_jpoint_is_printable, true, out);
}
static assay_status run_isascii(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return all_are(run, call, is_ascii, true, out);
}

static assay_status run_isidentifier(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    int32_t first = call->items[0].size ? assay_jtext_point(&call->items[0], 0) : '0';
    ASSAY_TRY(all_are(run, call, assay_jpoint_is_name, false, out));
    if (assay_jpoint_is_decimal(first)) *out = assay_jvalue_bool(false);
    return ASSAY_OK;
}

static assay_status ask_case(assay_jrun *run, const assay_jcall *call, bool upper, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    bool any = false, other = false;
    ASSAY_TRY(assay_jrun_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size; i += assay_jtext_step(text, i)) {
        int32_t point = assay_jtext_point(text, i);
        bool is_upper = assay_jpoint_is_upper(point), is_lower = assay_jpoint_is_lower(point);
        any = any || (upper ? is_upper : is_lower);
        other = other || (upper ? is_lower : is_upper) || assay_jpoint_is_title(point);
    }
    *out = assay_jvalue_bool(any && !other);
    return ASSAY_OK;
}

static assay_status run_islower(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return ask_case(run, call, false, out);
}
static assay_status run_isupper(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return ask_case(run, call, true, out);
}

/* Upper or title case only at the beginning of words, lower case only inside. */
static assay_status run_istitle(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    bool any = false, right = true, inside = false;
    ASSAY_TRY(assay_jrun_charge(run, text->size * 4));
    for (size_t i = 0; i < text->size; i += assay_jtext_step(text, i)) {
        int32_t point = assay_jtext_point(text, i);
        bool begins = assay_jpoint_is_upper(point) || assay_jpoint_is_title(point),
             lower = assay_jpoint_is_lower(point);
        right = right && !(begins && inside) && !(lower && !inside);
        any = any || begins;
        inside = begins || lower;
    }
    *out = assay_jvalue_bool(any && right);
    return ASSAY_OK;
}

static assay_status run_refused(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)call;
    (void)out;
    return assay_jrun_unsupported(run, "the string methods encode, translate and maketrans are not supported");
}

static const assay_jbuiltin methods[] = {
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
const assay_jbuiltin_table assay_jmethods_text_test = {methods, sizeof methods / sizeof *methods};
