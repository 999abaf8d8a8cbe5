#include "python/py_spec.h"

#include "python/py_number.h"
#include "python/py_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static assay_status put_fill(assay_py_run *run, assay_py_build *build, int32_t fill, int64_t times)
{
    if (times > 0) ASSAY_TRY(assay_py_run_charge(run, (size_t)times));
    for (int64_t i = 0; i < times; i++) ASSAY_TRY(assay_py_build_point(run, build, fill ? fill : ' '));
    return ASSAY_OK;
}

/* head (sign and prefix) and body, `points` characters together, in a field. */
static assay_status put_field(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, const char *head,
                              const assay_py_value *body, int64_t points, char usual)
{
    char align = spec->align ? spec->align : usual;
    int64_t room = spec->width > points ? spec->width - points : 0, before = align == '<'   ? 0
                                                                             : align == '^' ? room / 2
                                                                                            : room;
    if (room > ASSAY_PY_SPEC_WIDTH)
        return assay_py_run_fail(run, "a field wider than %d characters", ASSAY_PY_SPEC_WIDTH);
    if (align != '=') ASSAY_TRY(put_fill(run, build, spec->fill, before));
    ASSAY_TRY(assay_py_build_literal(run, build, head));
    if (align == '=') ASSAY_TRY(put_fill(run, build, spec->fill, room));
    ASSAY_TRY(assay_py_build_text(run, build, body));
    return align == '=' ? ASSAY_OK : put_fill(run, build, spec->fill, room - before);
}

assay_status assay_py_spec_text(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec,
                                const assay_py_value *text)
{
    assay_py_value part = *text;
    if (spec->precision >= 0) part = assay_py_text_part(text, 0, assay_py_text_offset(text, (size_t)spec->precision));
    ASSAY_TRY(assay_py_run_charge(run, text->size));
    return put_field(run, build, spec, "", &part, (int64_t)assay_py_text_length(&part), '<');
}

/* Digits with a separator every `every` places, counted from the end of the whole part. */
static void group_digits(char *text, size_t capacity, char group, size_t every)
{
    char copy[ASSAY_PY_NUMBER_TEXT];
    size_t whole = strspn(text, "0123456789abcdefABCDEF"), used = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (size_t i = 0; copy[i] && used + 2 < capacity; i++) {
        if (i > 0 && i < whole && (whole - i) % every == 0) text[used++] = group;
        text[used++] = copy[i];
    }
    text[used] = 0;
}

static assay_status put_number(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, bool minus,
                               const char *prefix, char *digits)
{
    char head[4];
    snprintf(head, sizeof head, "%s%s", minus ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "", prefix);
    if (spec->group) {
        bool binary = strchr("xXob", spec->kind) && spec->kind;
        if (spec->zero) return assay_py_run_unsupported(run, "a number padded with zeros and grouped");
        group_digits(digits, ASSAY_PY_NUMBER_TEXT, spec->group, binary ? 4 : 3);
    }
    assay_py_spec field = *spec;
    if (spec->zero && !field.fill) field.fill = '0';
    if (spec->zero && !field.align) field.align = '=';
    assay_py_value body = assay_py_value_literal(digits);
    return put_field(run, build, &field, head, &body, (int64_t)(strlen(head) + strlen(digits)), '>');
}

static void whole_digits(uint64_t whole, unsigned base, bool upper, char *text)
{
    char reversed[72];
    size_t count = 0;
    do {
        reversed[count++] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[whole % base];
        whole /= base;
    } while (whole);
    for (size_t i = 0; i < count; i++) text[i] = reversed[count - 1 - i];
    text[count] = 0;
}

assay_status assay_py_spec_whole(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, int64_t whole)
{
    char digits[ASSAY_PY_NUMBER_TEXT];
    unsigned base = spec->kind == 'x' || spec->kind == 'X' ? 16 : spec->kind == 'o' ? 8 : spec->kind == 'b' ? 2 : 10;
    uint64_t size = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
    const char *prefix = !spec->alternate ? ""
                         : base == 8      ? "0o"
                         : base == 2      ? "0b"
                         : base == 16     ? (spec->kind == 'x' ? "0x" : "0X")
                                          : "";
    whole_digits(size, base, spec->kind == 'X', digits);
    size_t count = strlen(digits);
    if (spec->precision > ASSAY_PY_SPEC_PRECISION * 5)
        return assay_py_run_fail(run, "a number with more than %d digits", ASSAY_PY_SPEC_PRECISION * 5);
    if (spec->precision > (int64_t)count) {
        memmove(digits + (size_t)spec->precision - count, digits, count + 1);
        memset(digits, '0', (size_t)spec->precision - count);
    }
    return put_number(run, build, spec, whole < 0, prefix, digits);
}

/* No kind: repr, or %g that keeps a ".0". */
static void real_digits(double real, const assay_py_spec *spec, char *digits)
{
    char kind = spec->kind == '%' ? 'f' : (char)(spec->kind | 32);
    int precision = spec->precision < 0 ? 6 : (int)spec->precision;
    if (!spec->kind && spec->precision < 0) {
        assay_py_number_repr(real, digits);
        return;
    }
    if (!spec->kind || kind == 'n') kind = 'g';
    if (kind == 'g' && precision == 0) precision = 1;
    assay_py_number_print(spec->kind == '%' ? real * 100 : real, kind, precision, spec->alternate, digits);
    if (spec->kind == 'E' || spec->kind == 'G' || spec->kind == 'F')
        for (char *c = digits; *c; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    size_t size = strlen(digits);
    const char *tail = spec->kind == '%' ? "%" : !spec->kind && !strpbrk(digits, ".en") ? ".0" : "";
    snprintf(digits + size, ASSAY_PY_NUMBER_TEXT - size, "%s", tail);
}

assay_status assay_py_spec_real(assay_py_run *run, assay_py_build *build, const assay_py_spec *spec, double real)
{
    char digits[ASSAY_PY_NUMBER_TEXT];
    bool minus = signbit(real) && !isnan(real);
    if (spec->precision > ASSAY_PY_SPEC_PRECISION)
        return assay_py_run_unsupported(run, "a float with more than %d digits behind its point",
                                        ASSAY_PY_SPEC_PRECISION);
    real_digits(minus ? -real : real, spec, digits);
    return put_number(run, build, spec, minus, "", digits);
}
