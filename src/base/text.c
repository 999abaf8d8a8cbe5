/* The locale of a thread is switched to C for the length of one vsnprintf: glibc and musl have no printf that takes a
 * locale, and both give the C locale from static memory, so newlocale allocates nothing and cannot fail for it. */
#include "base/text.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static locale_t plain(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

int assay_text_vformat(char *text, size_t size, const char *format, va_list args)
{
    locale_t before = uselocale(plain());
    int length = vsnprintf(text, size, format, args);
    uselocale(before);
    return length;
}

int assay_text_format(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = assay_text_vformat(text, size, format, args);
    va_end(args);
    return length;
}

double assay_text_real(const char *text, char **end) { return strtod_l(text, end, plain()); }

bool assay_text_ends(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

bool assay_text_listed(const char *const *list, const char *text)
{
    for (; list && *list; list++)
        if (!strcmp(*list, text)) return true;
    return false;
}

int assay_text_compare(const char *a, const char *b) { return strcasecmp_l(a, b, plain()); }

int assay_text_compare_n(const char *a, const char *b, size_t size) { return strncasecmp_l(a, b, size, plain()); }

static size_t wanted_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* Overlong forms, surrogates and what lies beyond U+10FFFF have a second byte out of its range. */
static bool second_fits(unsigned char lead, unsigned char second)
{
    unsigned char low = lead == 0xe0   ? 0xa0
                        : lead == 0xf0 ? 0x90
                                       : 0x80,
                  high = lead == 0xed   ? 0x9f
                         : lead == 0xf4 ? 0x8f
                                        : 0xbf;
    return second >= low && second <= high;
}

size_t assay_text_character(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t length = size ? wanted_length(p[0]) : 0;
    if (length > size) return 0;
    for (size_t i = 1; i < length; i++)
        if (i == 1 ? !second_fits(p[0], p[1]) : (p[i] & 0xc0) != 0x80) return 0;
    return length;
}

size_t assay_text_valid(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint64_t word = UINT64_MAX;
        if (size - at >= sizeof word) memcpy(&word, text + at, sizeof word);
        size_t step = word & 0x8080808080808080u ? assay_text_character(text + at, size - at) : sizeof word;
        if (!step) return at;
        at += step;
    }
    return size;
}

size_t assay_text_characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

size_t assay_text_border(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    if (length < most) return length;
    for (size_t back = 1; back <= 4 && back <= length; back++) {
        unsigned char byte = (unsigned char)text[length - back];
        if ((byte & 0xc0) == 0x80) continue;
        return wanted_length(byte) > back ? length - back : length;
    }
    return length;
}

/* C1 controls; the marks that change the direction of what follows; the separators of lines and paragraphs. */
static bool misleads(unsigned code)
{
    return (code >= 0x80 && code < 0xa0) || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static unsigned code_of(const char *text, size_t length)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = (unsigned char)text[0] & masks[length];
    for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* What stands for the character of `length` bytes (0: a byte that is none) in a visible text. */
static size_t visible_form(char form[8], const char *text, size_t length, bool keep_lines)
{
    unsigned char byte = (unsigned char)text[0];
    if (length == 0) return (size_t)snprintf(form, 8, "\\x%02x", byte);
    if (length > 1 && misleads(code_of(text, length)))
        return (size_t)snprintf(form, 8, "\\u%04x", code_of(text, length) & 0xffff);
    bool kept = length > 1 || (byte >= 0x20 && byte != 0x7f) || (keep_lines && (byte == '\n' || byte == '\t'));
    if (kept) {
        memcpy(form, text, length);
        return length;
    }
    const char *letter = byte == '\n' ? "n" : byte == '\t' ? "t" : byte == '\r' ? "r" : NULL;
    return (size_t)(letter ? snprintf(form, 8, "\\%s", letter) : snprintf(form, 8, "\\x%02x", byte));
}

size_t assay_text_visible(char *out, size_t size, const char *text, bool keep_lines)
{
    size_t used = 0, left = strlen(text);
    while (left) {
        char form[8];
        size_t length = assay_text_character(text, left), made = visible_form(form, text, length, keep_lines);
        if (used + made >= size) break;
        memcpy(out + used, form, made);
        used += made;
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    out[used] = '\0';
    return used;
}

/* ---- "%.40s" ---- */

/* The argument of a conversion is passed over; a text's is given back. False: a conversion that no sentence has. */
static bool pass_argument(const char *length, char conversion, va_list *args, const char **text)
{
    *text = NULL;
    if (strchr("diuxXoc", conversion)) {
        if (!strncmp(length, "ll", 2) || *length == 'j') (void)va_arg(*args, long long);
        else if (*length == 'l') (void)va_arg(*args, long);
        else if (*length == 'z' || *length == 't') (void)va_arg(*args, size_t);
        else (void)va_arg(*args, int);
    } else if (strchr("aAeEfFgG", conversion)) (void)va_arg(*args, double);
    else if (conversion == 's') *text = va_arg(*args, const char *);
    else if (conversion == 'p') (void)va_arg(*args, void *);
    else return conversion == '%';
    return true;
}

/* Writes the smaller number over the digits of a precision, with zeros in front. */
static void lower_precision(char *digits, size_t count, size_t value)
{
    for (size_t i = count; i-- > 0; value /= 10) digits[i] = (char)('0' + value % 10);
}

/* Lowers every "%.40s" of a format to the border of a character of its argument. */
static void fit_precisions(char *format, va_list *args)
{
    static const char digits[] = "0123456789";
    for (char *at = strchr(format, '%'); at && at[1]; at = strchr(at + 1, '%')) {
        size_t precision = 0;
        const char *text;
        at += 1 + strspn(at + 1, "-+ #0'");
        if (*at == '*') (void)va_arg(*args, int);
        at += *at == '*' ? 1 : strspn(at, digits);
        char *places = *at == '.' ? at + 1 : at;
        if (*at == '.') precision = strspn(places, digits);
        if (*at == '.' && *places == '*') (void)va_arg(*args, int);
        at = places + (*places == '*' && at != places ? 1 : precision);
        const char *length = at;
        at += strspn(at, "hljztL");
        if (!*at || !pass_argument(length, *at, args, &text)) return;
        if (text && precision) lower_precision(places, precision, assay_text_border(text, strtoul(places, NULL, 10)));
    }
}

enum { FORMAT = 1024, RAW = 4096 };

/* A text that ends before the border is not cut, so a precision is never lowered for nothing. */
static int format_at_borders(char *raw, const char *format, va_list args)
{
    char fitted[FORMAT];
    size_t size = strlen(format) + 1;
    if (size > sizeof fitted) return assay_text_vformat(raw, RAW, format, args);
    va_list walked;
    va_copy(walked, args);
    memcpy(fitted, format, size);
    fit_precisions(fitted, &walked);
    va_end(walked);
    return assay_text_vformat(raw, RAW, fitted, args);
}

void assay_text_sentence(char *out, size_t size, const char *format, va_list args)
{
    char raw[RAW] = "";
    if (format_at_borders(raw, format, args) < 0) raw[0] = '\0';
    assay_text_visible(out, size, raw, false);
}

size_t assay_text_space(const char *text, size_t size)
{
    static const char *const wide[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
                                       "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
    if (!size) return 0;
    if (*text == ' ' || (*text >= '\t' && *text <= '\r') || (*text >= 0x1C && *text <= 0x1F)) return 1;
    if (size >= 3 && !memcmp(text, "\xE2\x80", 2) && (unsigned char)text[2] >= 0x80 && (unsigned char)text[2] <= 0x8A)
        return 3; /* U+2000 to U+200A */
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        size_t length = strlen(wide[i]);
        if (size >= length && !memcmp(text, wide[i], length)) return length;
    }
    return 0;
}
