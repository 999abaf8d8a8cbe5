#include "python/py_number.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digits and the decimal exponent of a positive double rounded to `count` digits: 0.00123 -> "123", -3. */
static int split_digits(double real, int count, char digits[24])
{
    char text[64];
    int used = 0;
    digits[0] = 0;
    assay_text_format(text, sizeof text, "%.*e", count - 1, real);
    char *exponent = strchr(text, 'e');
    for (char *c = text; c < exponent && used < 20; c++)
        if (*c >= '0' && *c <= '9') digits[used++] = *c;
    while (used > 1 && digits[used - 1] == '0') used--;
    digits[used] = 0;
    return (int)strtol(exponent + 1, NULL, 10);
}

static double join_digits(const char *digits, int exponent)
{
    char text[64];
    snprintf(text, sizeof text, "%se%d", digits, exponent - (int)strlen(digits) + 1);
    return assay_text_real(text, NULL);
}

/* A normal double that has a text of 15 digits or less is found by rounding to 15 digits and cutting zeros. */
static int shortest_digits(double real, char digits[24])
{
    for (int count = real < 2.3e-308 ? 1 : 15;; count++) {
        int exponent = split_digits(real, count, digits);
        if (count == 17 || join_digits(digits, exponent) == real) return exponent;
    }
}

/* The digits with the point where the exponent says. */
static void put_fixed(const char *digits, int exponent, char *text, size_t capacity)
{
    static const char zeros[] = "0000000000000000";
    int count = (int)strlen(digits), whole = exponent + 1;
    if (exponent < 0) snprintf(text, capacity, "0.%.*s%s", -whole, zeros, digits);
    else if (count > whole) snprintf(text, capacity, "%.*s.%s", whole, digits, digits + whole);
    else snprintf(text, capacity, "%s%.*s.0", digits, whole - count, zeros);
}

void assay_py_number_repr(double real, char text[ASSAY_PY_NUMBER_TEXT])
{
    enum { ROOM = 64 };
    char digits[24] = "0";
    if (signbit(real) && !isnan(real)) *text++ = '-';
    real = fabs(real);
    if (!isfinite(real)) {
        snprintf(text, ROOM, "%s", isnan(real) ? "nan" : "inf");
        return;
    }
    int exponent = real > 0 ? shortest_digits(real, digits) : 0;
    if (exponent >= -4 && exponent < 16) put_fixed(digits, exponent, text, ROOM);
    else
        snprintf(text, ROOM, "%c%s%se%c%02d", digits[0], digits[1] ? "." : "", digits + 1, exponent < 0 ? '-' : '+',
                 abs(exponent));
}

void assay_py_number_print(double real, char kind, int precision, bool alternate, char text[ASSAY_PY_NUMBER_TEXT])
{
    char format[8];
    assay_text_format(format, sizeof format, "%%%s.*%c", alternate ? "#" : "", kind);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    assay_text_format(text, ASSAY_PY_NUMBER_TEXT, format, precision, real);
#pragma GCC diagnostic pop
}

/* Copies digits, dropping single underscores between them; false at the first other thing that leaves the form. */
static bool take_digits(const char **text, const char *end, char *out, size_t *used, size_t capacity)
{
    bool any = false;
    while (*text < end) {
        if (**text == '_' && any && *text + 1 < end && isdigit((unsigned char)(*text)[1])) (*text)++;
        if (!isdigit((unsigned char)**text)) break;
        if (*used + 1 >= capacity) return false;
        out[(*used)++] = *(*text)++;
        any = true;
    }
    return any;
}

static bool read_word(const char *text, size_t size, double *out)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    for (size_t i = 0; i < 3; i++) {
        if (strlen(words[i]) != size || assay_text_compare_n(text, words[i], size) != 0) continue;
        *out = i == 2 ? (double)NAN : (double)INFINITY;
        return true;
    }
    return false;
}

static bool read_exponent(const char **text, const char *end, long *exponent)
{
    char digits[24];
    size_t used = 0;
    if (*text == end || (**text | 32) != 'e') return true;
    (*text)++;
    bool minus = *text < end && **text == '-';
    if (*text < end && (**text == '-' || **text == '+')) (*text)++;
    if (!take_digits(text, end, digits, &used, 8)) return false;
    digits[used] = 0;
    *exponent += minus ? -strtol(digits, NULL, 10) : strtol(digits, NULL, 10);
    return true;
}

/* The digits are written without the point and the exponent corrected, so that none is read. */
bool assay_py_number_read_real(const char *text, size_t size, double *out)
{
    char digits[1024];
    const char *end = text + size;
    size_t used = 0;
    long exponent = 0;
    bool minus = size && *text == '-';
    if (size && (*text == '-' || *text == '+')) text++;
    if (text < end && read_word(text, (size_t)(end - text), out)) {
        if (minus) *out = -*out;
        return true;
    }
    bool whole = take_digits(&text, end, digits, &used, sizeof digits - 32), part = false;
    if (text < end && *text == '.') {
        size_t before = used;
        text++;
        part = take_digits(&text, end, digits, &used, sizeof digits - 32);
        exponent -= (long)(used - before);
    }
    if (!(whole || part) || !read_exponent(&text, end, &exponent) || text != end) return false;
    snprintf(digits + used, 32, "e%ld", exponent);
    *out = assay_text_real(digits, NULL);
    if (minus) *out = -*out;
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

static int prefix_base(const char *text, size_t size)
{
    if (size < 2 || text[0] != '0') return 0;
    char mark = (char)(text[1] | 32);
    return mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
}

bool assay_py_number_read_whole(const char *text, size_t size, int base, int64_t *out, bool *fits)
{
    size_t at = size && (*text == '-' || *text == '+');
    bool minus = size && *text == '-', any = false;
    __int128 sum = 0;
    int prefix = prefix_base(text + at, size - at);
    *fits = true;
    if (prefix && (base == 0 || base == prefix)) {
        at += 2;
        at += at < size && text[at] == '_';
        base = prefix;
    }
    if (base == 0) base = 10;
    for (; at < size; at++) {
        if (text[at] == '_' && any && at + 1 < size && text[at - 1] != '_') continue;
        if (digit_value(text[at]) >= base) return false;
        any = true;
        if (sum <= INT64_MAX) sum = sum * base + digit_value(text[at]);
    }
    if (minus) sum = -sum;
    *fits = sum >= INT64_MIN && sum <= INT64_MAX;
    *out = *fits ? (int64_t)sum : 0;
    return any;
}
