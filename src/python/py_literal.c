/* String literals: Python's escapes, as `unicode-escape` decodes them. */
#include "python/py_literal.h"

#include "python/py_number.h"
#include "python/py_point.h"

#include <stdio.h>
#include <string.h>

typedef struct literal {
    const char *text, *fault;
    size_t size, at, used;
    char *out;
} literal;

static assay_status fail(literal *l, const char *fault)
{
    l->fault = fault;
    return ASSAY_E_FORMAT;
}

static void put(literal *l, int32_t point) { l->used += assay_py_point_encode(point, l->out + l->used); }

/* \x, \u, \U with exactly `count` digits. */
static assay_status put_hex(literal *l, size_t count)
{
    int64_t point;
    bool fits;
    if (l->at + count > l->size || memchr(l->text + l->at, '_', count) ||
        !assay_py_number_read_whole(l->text + l->at, count, 16, &point, &fits) || l->text[l->at] == '-' ||
        l->text[l->at] == '+')
        return fail(l, "a string with a cut-off \\x, \\u or \\U escape");
    if (point > 0x10ffff) return fail(l, "a string with an escape above U+10FFFF");
    if (point >= 0xd800 && point < 0xe000)
        return fail(l, "a string with a lone surrogate; write the character itself or \\U");
    l->at += count;
    put(l, (int32_t)point);
    return ASSAY_OK;
}

static void put_octal(literal *l)
{
    int32_t point = 0;
    for (int i = 0; i < 3 && l->at < l->size && l->text[l->at] >= '0' && l->text[l->at] <= '7'; i++)
        point = point * 8 + (l->text[l->at++] - '0');
    put(l, point);
}

/* Python gets the literal in ASCII, others as \x.., \u.... or \U........; behind a backslash those digits are kept as
 * text. */
static void put_unknown(literal *l, char c)
{
    size_t size;
    int32_t point = assay_py_point_decode(l->text + l->at, &size);
    l->out[l->used++] = '\\';
    if (point < 0x80) {
        l->out[l->used++] = c;
        l->at++;
        return;
    }
    l->at += size;
    l->used += (size_t)sprintf(l->out + l->used,
                               point < 0x100     ? "x%02x"
                               : point < 0x10000 ? "u%04x"
                                                 : "U%08x",
                               (unsigned)point);
}

static assay_status put_escape(literal *l)
{
    static const char plain[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    char c = l->text[l->at];
    for (size_t i = 0; i + 1 < sizeof plain - 1; i += 2) {
        if (plain[i] != c) continue;
        l->at++;
        put(l, plain[i + 1]);
        return ASSAY_OK;
    }
    if (c >= '0' && c <= '7') {
        put_octal(l);
        return ASSAY_OK;
    }
    if (c == 'N') return fail(l, "a string with \\N{name}; write the character itself");
    if (c == 'x' || c == 'u' || c == 'U') {
        l->at++;
        return put_hex(l, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    }
    if (c == '\n') l->at++;
    else put_unknown(l, c);
    return ASSAY_OK;
}

/* No escape becomes longer than three times itself (a backslash before a character of four bytes: 5 to 10). */
assay_status assay_py_literal_read(assay_py_arena *arena, const char *text, size_t size, assay_py_value *out,
                                   const char **fault)
{
    bool ascii = true;
    for (size_t i = 0; i < size && ascii; i++) ascii = (unsigned char)text[i] < 0x80 && text[i] != '\\';
    *out = assay_py_value_text(text, size);
    out->ascii = ascii;
    if (ascii || !memchr(text, '\\', size)) return ASSAY_OK;
    literal l = {.text = text, .size = size, .out = assay_py_arena_bytes(arena, 3 * size + 16)};
    assay_status status = l.out ? ASSAY_OK : ASSAY_E_MEMORY;
    while (status == ASSAY_OK && l.at < size) {
        const char *slash = memchr(text + l.at, '\\', size - l.at);
        size_t plain = slash ? (size_t)(slash - text) - l.at : size - l.at;
        memcpy(l.out + l.used, text + l.at, plain);
        l.used += plain;
        l.at += plain + (slash != NULL);
        if (slash) status = put_escape(&l);
    }
    *fault = l.fault;
    if (status != ASSAY_OK) return status;
    *out = assay_py_value_text(l.out, l.used);
    return ASSAY_OK;
}
