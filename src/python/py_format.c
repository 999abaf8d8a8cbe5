/* "format" % values, and "format".format(...). */
#include "python/py_format.h"

#include "python/py_dict.h"
#include "python/py_number.h"
#include "python/py_print.h"
#include "python/py_run.h"
#include "python/py_spec.h"
#include "python/py_undefined.h"

#include <math.h>
#include <string.h>

typedef struct percent {
    assay_py_run *run;
    const assay_py_value *format, *values; /* values: a tuple, a mapping, or one value */
    size_t at, used;
    assay_py_build build;
    bool by_name;
} percent;

/* What has __getitem__ and is no text or tuple may be left unused by a format. */
static bool is_mapping(const assay_py_value *value)
{
    return value->type == ASSAY_PY_DICT || value->type == ASSAY_PY_RANGE || value->type == ASSAY_PY_UNDEFINED ||
           assay_py_value_is_list(value, ASSAY_PY_LIST_LIST);
}

static bool is_tuple(const assay_py_value *value)
{
    return assay_py_value_is_list(value, ASSAY_PY_LIST_TUPLE) || assay_py_value_is_list(value, ASSAY_PY_LIST_GROUP);
}

static assay_status next_value(percent *p, assay_py_value *out)
{
    size_t count = is_tuple(p->values) ? p->values->as.list->count : 1;
    if (p->used >= count) return assay_py_run_fail(p->run, "not enough arguments for the format");
    *out = is_tuple(p->values) ? p->values->as.list->items[p->used] : *p->values;
    p->used++;
    return ASSAY_OK;
}

static char now(const percent *p) { return p->at < p->format->size ? p->format->as.text[p->at] : 0; }

/* (name) */
static assay_status named_value(percent *p, assay_py_value *out)
{
    size_t from = ++p->at;
    int depth = 1;
    for (; p->at < p->format->size && depth > 0; p->at++) depth += now(p) == '(' ? 1 : now(p) == ')' ? -1 : 0;
    if (depth > 0) return assay_py_run_fail(p->run, "a format with %%( has no )");
    if (p->values->type != ASSAY_PY_DICT) return assay_py_run_fail(p->run, "a format with names needs a dict");
    assay_py_value name = assay_py_text_part(p->format, from, p->at - 1);
    p->by_name = true;
    ASSAY_TRY(assay_py_dict_get(p->run, p->values->as.dict, &name, out));
    return out->type == ASSAY_PY_MISSING ? assay_py_run_fail(p->run, "the format names what the dict does not have")
                                         : ASSAY_OK;
}

static assay_status read_width(percent *p, int64_t *out)
{
    assay_py_value value;
    if (now(p) == '*') {
        p->at++;
        ASSAY_TRY(next_value(p, &value));
        if (!assay_py_value_is_whole(&value, out))
            return assay_py_run_fail(p->run, "* in a format wants a whole number");
        return ASSAY_OK;
    }
    for (; now(p) >= '0' && now(p) <= '9'; p->at++) {
        *out = (*out < 0 ? 0 : *out) * 10 + (now(p) - '0');
        if (*out > ASSAY_PY_SPEC_WIDTH)
            return assay_py_run_fail(p->run, "a field wider than %d characters", ASSAY_PY_SPEC_WIDTH);
    }
    return ASSAY_OK;
}

static assay_status read_percent_spec(percent *p, assay_py_spec *spec)
{
    for (; now(p) && strchr("-+ #0", now(p)); p->at++) {
        if (now(p) == '-') spec->align = '<';
        else if (now(p) == '#') spec->alternate = true;
        else if (now(p) == '0') spec->zero = true;
        else if (spec->sign != '+') spec->sign = now(p);
    }
    ASSAY_TRY(read_width(p, &spec->width));
    if (spec->width < -1) {
        spec->align = '<';
        spec->width = spec->width < -ASSAY_PY_SPEC_WIDTH ? ASSAY_PY_SPEC_WIDTH : -spec->width;
    }
    if (now(p) == '.') {
        p->at++;
        spec->precision = 0;
        ASSAY_TRY(read_width(p, &spec->precision));
        if (spec->precision < 0) spec->precision = 0;
    }
    while (now(p) && strchr("hlL", now(p))) p->at++;
    spec->kind = now(p);
    p->at += now(p) != 0;
    return ASSAY_OK;
}

static assay_status put_whole(percent *p, assay_py_spec *spec, const assay_py_value *value)
{
    int64_t whole;
    bool decimal = strchr("diu", spec->kind) != NULL;
    if (!assay_py_value_is_whole(value, &whole)) {
        if (!decimal || value->type != ASSAY_PY_FLOAT || !isfinite(value->as.real) || fabs(value->as.real) > 9e18)
            return assay_py_run_fail(p->run, "%%%c wants a number, not '%s'", spec->kind,
                                     assay_py_value_type_name(value));
        whole = (int64_t)value->as.real;
    }
    if (decimal) spec->kind = 'd';
    return assay_py_spec_whole(p->run, &p->build, spec, whole);
}

static assay_status put_character(percent *p, const assay_py_spec *spec, const assay_py_value *value)
{
    int64_t point;
    assay_py_build one = {0};
    assay_py_value text = *value;
    if (assay_py_value_is_whole(value, &point)) {
        if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return assay_py_run_fail(p->run, "%%c wants a character");
        ASSAY_TRY(assay_py_build_point(p->run, &one, (int32_t)point));
        text = assay_py_build_value(&one);
    } else if (value->type != ASSAY_PY_TEXT || assay_py_text_length(value) != 1)
        return assay_py_run_fail(p->run, "%%c wants one character");
    return assay_py_spec_text(p->run, &p->build, spec, &text);
}

/* A text marked safe escapes what is put into it. */
static assay_status put_string(percent *p, const assay_py_spec *spec, const assay_py_value *value)
{
    assay_py_build build = {0};
    assay_py_value text;
    if (spec->kind == 's') ASSAY_TRY(assay_py_value_str(p->run, value, true, &text));
    else {
        ASSAY_TRY(assay_py_print_repr(p->run, &build, value));
        text = assay_py_build_value(&build);
    }
    if (p->format->markup) ASSAY_TRY(assay_py_text_escape(p->run, &text, &text));
    return assay_py_spec_text(p->run, &p->build, spec, &text);
}

static assay_status put_percent(percent *p, assay_py_spec *spec, const assay_py_value *value)
{
    char kind = spec->kind;
    if (value->type == ASSAY_PY_UNDEFINED && strchr("srdiuoxXeEfFgG", kind) && kind != 's' && kind != 'r')
        return assay_py_value_undefined_error(p->run, value);
    if (kind == 's' || kind == 'r') {
        spec->zero = false;
        if (!spec->align) spec->align = '>';
        return put_string(p, spec, value);
    }
    if (kind == 'c') {
        if (!spec->align) spec->align = '>';
        return put_character(p, spec, value);
    }
    if (spec->align == '<') spec->zero = false;
    if (strchr("diuoxX", kind)) return put_whole(p, spec, value);
    if (!strchr("eEfFgG", kind)) return assay_py_run_fail(p->run, "a format with the unknown kind %%%c", kind);
    if (!assay_py_value_is_number(value))
        return assay_py_run_fail(p->run, "%%%c wants a number, not '%s'", kind, assay_py_value_type_name(value));
    return assay_py_spec_real(p->run, &p->build, spec, assay_py_value_real(value));
}

static assay_status percent_item(percent *p)
{
    assay_py_spec spec = {.width = -1, .precision = -1};
    assay_py_value value = {0};
    if (now(p) == '(') ASSAY_TRY(named_value(p, &value));
    ASSAY_TRY(read_percent_spec(p, &spec));
    if (!spec.kind) return assay_py_run_fail(p->run, "a format ends behind its %%");
    if (spec.kind == '%') return assay_py_build_byte(p->run, &p->build, '%');
    if (value.type == ASSAY_PY_MISSING) ASSAY_TRY(next_value(p, &value));
    return put_percent(p, &spec, &value);
}

assay_status assay_py_format_percent(assay_py_run *run, const assay_py_value *format, const assay_py_value *value,
                                     assay_py_value *out)
{
    percent p = {.run = run, .format = format, .values = value};
    while (p.at < format->size) {
        const char *mark = memchr(format->as.text + p.at, '%', format->size - p.at);
        size_t plain = mark ? (size_t)(mark - format->as.text) - p.at : format->size - p.at;
        ASSAY_TRY(assay_py_build_bytes(run, &p.build, format->as.text + p.at, plain));
        p.at += plain + (mark != NULL);
        if (mark) ASSAY_TRY(percent_item(&p));
    }
    size_t count = is_tuple(value) ? value->as.list->count : !is_mapping(value);
    if (p.used < count && !p.by_name) return assay_py_run_fail(run, "not all arguments are used by the format");
    bool markup = format->markup;
    *out = assay_py_build_value(&p.build);
    out->markup = markup;
    return ASSAY_OK;
}

typedef struct braces {
    assay_py_run *run;
    const assay_py_value *format;
    const assay_py_call *call;
    size_t at;
    int64_t automatic; /* the next {}; -1: numbers were written */
    assay_py_build build;
} braces;

/* A byte of a text, 0 behind its end. */
static char byte_at(const assay_py_value *text, size_t at) { return at < text->size ? text->as.text[at] : 0; }

static bool is_align(char c) { return c && strchr("<>^=", c); }

static int64_t read_digits(const assay_py_value *text, size_t *at)
{
    int64_t number = -1;
    for (char c; (c = byte_at(text, *at)) >= '0' && c <= '9' && number <= ASSAY_PY_SPEC_WIDTH; (*at)++)
        number = (number < 0 ? 0 : number) * 10 + (c - '0');
    return number;
}

static size_t read_alignment(const assay_py_value *text, assay_py_spec *spec)
{
    size_t first = text->size ? assay_py_text_step(text, 0) : 0;
    if (text->size && is_align(byte_at(text, first))) {
        spec->fill = assay_py_text_point(text, 0);
        spec->align = byte_at(text, first);
        return first + 1;
    }
    if (!is_align(byte_at(text, 0))) return 0;
    spec->align = byte_at(text, 0);
    return 1;
}

/* [[fill]align][sign][#][0][width][grouping][.precision][kind] */
static assay_status read_spec(assay_py_run *run, const assay_py_value *text, assay_py_spec *spec)
{
    *spec = (assay_py_spec){.width = -1, .precision = -1};
    size_t at = read_alignment(text, spec);
    char sign = byte_at(text, at);
    if (sign == '+' || sign == '-' || sign == ' ') spec->sign = text->as.text[at++];
    spec->alternate = byte_at(text, at) == '#';
    at += spec->alternate;
    spec->zero = byte_at(text, at) == '0';
    at += spec->zero;
    spec->width = read_digits(text, &at);
    if (byte_at(text, at) == ',' || byte_at(text, at) == '_') spec->group = text->as.text[at++];
    if (byte_at(text, at) == '.') {
        at++;
        spec->precision = read_digits(text, &at);
        if (spec->precision < 0) return assay_py_run_fail(run, "a format has no digits behind its point");
    }
    if (byte_at(text, at)) spec->kind = text->as.text[at++];
    if (at < text->size) return assay_py_run_fail(run, "a format specification that is not understood");
    return spec->width > ASSAY_PY_SPEC_WIDTH
               ? assay_py_run_fail(run, "a field wider than %d characters", ASSAY_PY_SPEC_WIDTH)
               : ASSAY_OK;
}

static assay_status put_point(braces *b, assay_py_spec *spec, int64_t point)
{
    assay_py_build one = {0};
    if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) || spec->precision >= 0 || spec->sign)
        return assay_py_run_fail(b->run, "the kind c of a format wants a character");
    ASSAY_TRY(assay_py_build_point(b->run, &one, (int32_t)point));
    assay_py_value text = assay_py_build_value(&one);
    return assay_py_spec_text(b->run, &b->build, spec, &text);
}

static assay_status put_spec(braces *b, const assay_py_value *value, const assay_py_value *text)
{
    assay_py_spec spec;
    assay_py_value string;
    int64_t whole;
    bool is_whole = assay_py_value_is_whole(value, &whole), real = assay_py_value_is_number(value);
    ASSAY_TRY(read_spec(b->run, text, &spec));
    if (value->type == ASSAY_PY_BOOL && !spec.kind && !text->size) is_whole = real = false;
    if (spec.kind == 'c' && is_whole) return put_point(b, &spec, whole);
    if (real && spec.kind != 's') {
        if (is_whole && (!spec.kind || strchr("bdoxXn", spec.kind))) {
            if (spec.precision >= 0) return assay_py_run_fail(b->run, "a precision is not allowed for whole numbers");
            return assay_py_spec_whole(b->run, &b->build, &spec, whole);
        }
        if (!spec.kind || strchr("eEfFgGn%", spec.kind))
            return assay_py_spec_real(b->run, &b->build, &spec, assay_py_value_real(value));
    }
    bool plain = value->type == ASSAY_PY_TEXT || !text->size;
    if (!plain || (spec.kind && spec.kind != 's') || spec.sign || spec.group || spec.align == '=')
        return assay_py_run_fail(b->run, "the format \"%.*s\" does not suit '%s'",
                                 text->size < 40 ? (int)text->size : 40, text->as.text,
                                 assay_py_value_type_name(value));
    if (spec.zero && !spec.fill) spec.fill = '0';
    ASSAY_TRY(assay_py_value_str(b->run, value, true, &string));
    if (b->format->markup) ASSAY_TRY(assay_py_text_escape(b->run, &string, &string));
    return assay_py_spec_text(b->run, &b->build, &spec, &string);
}

static assay_status by_number(braces *b, int64_t number, assay_py_value *out)
{
    if (number < 0 || (size_t)number >= b->call->count)
        return assay_py_run_fail(b->run, "the format wants more arguments than there are");
    *out = b->call->items[number];
    return ASSAY_OK;
}

/* The name or number up to a dot, bracket or the end. */
static assay_status first_value(braces *b, const assay_py_value *name, assay_py_value *out)
{
    int64_t number;
    bool fits;
    if (!name->size) {
        if (b->automatic < 0) return assay_py_run_fail(b->run, "a format mixes {} and {0}");
        return by_number(b, b->automatic++, out);
    }
    if (assay_py_number_read_whole(name->as.text, name->size, 10, &number, &fits) && fits && name->as.text[0] != '-') {
        if (b->automatic > 0) return assay_py_run_fail(b->run, "a format mixes {} and {0}");
        b->automatic = -1;
        return by_number(b, number, out);
    }
    for (size_t i = 0; i < b->call->named; i++) {
        const assay_py_value *known = &b->call->names[i];
        if (known->size != name->size || memcmp(known->as.text, name->as.text, name->size) != 0) continue;
        *out = b->call->values[i];
        return ASSAY_OK;
    }
    return assay_py_run_fail(b->run, "the format names \"%.*s\", which was not given",
                             name->size < 40 ? (int)name->size : 40, name->as.text);
}

static assay_status field_value(braces *b, const assay_py_value *field, assay_py_value *out)
{
    size_t at = 0;
    while (at < field->size && field->as.text[at] != '.' && field->as.text[at] != '[') at++;
    assay_py_value part = assay_py_text_part(field, 0, at), inner;
    ASSAY_TRY(first_value(b, &part, out));
    while (at < field->size) {
        bool item = field->as.text[at] == '[', fits;
        size_t from = ++at;
        int64_t index;
        while (at < field->size && (item ? field->as.text[at] != ']' : !strchr(".[", field->as.text[at]))) at++;
        part = assay_py_text_part(field, from, at);
        if (!part.size || (item && at == field->size))
            return assay_py_run_fail(b->run, "a format with an empty or open element");
        if (item && assay_py_number_read_whole(part.as.text, part.size, 10, &index, &fits) && fits &&
            part.as.text[0] != '-')
            part = assay_py_value_int(index);
        at += item;
        ASSAY_TRY(item ? b->run->lookup->item(b->run, out, &part, &inner)
                       : b->run->lookup->attribute(b->run, out, &part, &inner));
        *out = inner;
    }
    return ASSAY_OK;
}

static assay_status convert(braces *b, char conversion, assay_py_value *value)
{
    assay_py_build build = {0};
    if (conversion == 's') return assay_py_value_str(b->run, value, true, value);
    if (conversion != 'r') return assay_py_run_fail(b->run, "a format with an unknown conversion");
    ASSAY_TRY(assay_py_print_repr(b->run, &build, value));
    *value = assay_py_build_value(&build);
    return ASSAY_OK;
}

/* The specification, in which {fields} of arguments may stand. */
static assay_status expand_spec(braces *b, const assay_py_value *text, assay_py_value *out)
{
    assay_py_value value, string;
    assay_py_build build = {0};
    for (size_t at = 0; at < text->size;) {
        const char *close = text->as.text[at] == '{' ? memchr(text->as.text + at, '}', text->size - at) : NULL;
        if (!close) {
            ASSAY_TRY(assay_py_build_byte(b->run, &build, text->as.text[at++]));
            continue;
        }
        assay_py_value field = assay_py_text_part(text, at + 1, (size_t)(close - text->as.text));
        ASSAY_TRY(field_value(b, &field, &value));
        ASSAY_TRY(assay_py_value_str(b->run, &value, false, &string));
        ASSAY_TRY(assay_py_build_text(b->run, &build, &string));
        at = (size_t)(close - text->as.text) + 1;
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

/* {field!conversion:specification}; `at` is behind the {. */
static assay_status put_replacement(braces *b)
{
    const char *text = b->format->as.text;
    size_t from = b->at, size = b->format->size;
    int depth = 1;
    assay_py_value value, spec = assay_py_value_literal("");
    while (b->at < size && !strchr("!:}", text[b->at])) {
        if (text[b->at] == '{') return assay_py_run_fail(b->run, "unexpected '{' in a format");
        if (text[b->at] == '[')
            while (b->at < size && text[b->at] != ']') b->at++;
        b->at += b->at < size;
    }
    assay_py_value field = assay_py_text_part(b->format, from, b->at);
    ASSAY_TRY(field_value(b, &field, &value));
    if (b->at + 1 < size && text[b->at] == '!') {
        ASSAY_TRY(convert(b, text[b->at + 1], &value));
        b->at += 2;
    }
    if (b->at < size && text[b->at] == ':') {
        size_t start = ++b->at;
        for (; b->at < size; b->at++) {
            depth += text[b->at] == '{' ? 1 : text[b->at] == '}' ? -1 : 0;
            if (!depth) break;
        }
        assay_py_value raw = assay_py_text_part(b->format, start, b->at);
        ASSAY_TRY(expand_spec(b, &raw, &spec));
    }
    if (b->at >= size || text[b->at] != '}') return assay_py_run_fail(b->run, "a format has a { without }");
    b->at++;
    return put_spec(b, &value, &spec);
}

assay_status assay_py_format_braces(assay_py_run *run, const assay_py_value *format, const assay_py_call *call,
                                    assay_py_value *out)
{
    braces b = {.run = run, .format = format, .call = call};
    while (b.at < format->size) {
        char c = format->as.text[b.at++];
        bool twice = b.at < format->size && format->as.text[b.at] == c;
        if ((c == '{' || c == '}') && twice) {
            b.at++;
            ASSAY_TRY(assay_py_build_byte(run, &b.build, c));
        } else if (c == '}') return assay_py_run_fail(run, "a single '}' in a format");
        else if (c == '{') ASSAY_TRY(put_replacement(&b));
        else ASSAY_TRY(assay_py_build_byte(run, &b.build, c));
    }
    bool markup = format->markup;
    *out = assay_py_build_value(&b.build);
    out->markup = markup;
    return ASSAY_OK;
}
