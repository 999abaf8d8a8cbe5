/* Text and numbers as the C locale has them, whatever locale the host program has set: a decimal point is a point, and
 * letters are ASCII's. This is the one place of the project that reads or writes a real number as text, or compares
 * letters without regard to case; scripts/check_house looks for others. Sources: POSIX.1-2017, uselocale, strcasecmp_l;
 * glibc, strtod_l; The Unicode Standard, table 3-7 (well-formed UTF-8). */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What stands for bytes that are no character: U+FFFD, in UTF-8. */
#define ASSAY_TEXT_NO_CHARACTER "\xef\xbf\xbd"

/* snprintf and vsnprintf. */
int assay_text_format(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int assay_text_vformat(char *text, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* strtod; end may be NULL. */
double assay_text_real(const char *text, char **end);

/* strcasecmp and strncasecmp. */
int assay_text_compare(const char *a, const char *b);
int assay_text_compare_n(const char *a, const char *b, size_t size);

/* Whether the text ends with `end`. */
bool assay_text_ends(const char *text, const char *end);

/* Whether the text is one of a list that NULL ends; no list: it is not. */
bool assay_text_listed(const char *const *list, const char *text);

/* The bytes of the UTF-8 character at the beginning of text (at most `size` bytes are looked at); 0: there is none, or
 * it is not whole. */
size_t assay_text_character(const char *text, size_t size);

/* The offset of the first byte that belongs to no character (no overlong forms, no surrogates, nothing above U+10FFFF);
 * `size` where all is UTF-8. The gate for texts from outside; behind it they are trusted to be valid. */
size_t assay_text_valid(const char *text, size_t size);

/* Characters (code points) of a valid text. */
size_t assay_text_characters(const char *text, size_t size);

/* Where to cut so that at most `most` bytes remain and no character is halved. Only text[0 .. most - 1] is looked at,
 * and text may end before. */
size_t assay_text_border(const char *text, size_t most);

/* What would move a terminal's cursor, hide or turn around what stands beside it, or is not UTF-8, becomes visible: \n,
 * \t, \x1b, \u202e, \xff. `keep_lines`: line feeds and tabs stay. The result ends with a zero byte; what does not fit
 * into `size` (at least 1) is cut between characters. Returns its length; a text already made so stays as it is. */
size_t assay_text_visible(char *out, size_t size, const char *text, bool keep_lines);

/* A sentence of an error or a log: `format` filled in, "%.40s" cut between characters, and made visible as above. */
void assay_text_sentence(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Bytes of the white space at the text's beginning (Unicode's White_Space, as Python's str.isspace has it); 0: a
 * letter, or nothing. */
size_t assay_text_space(const char *text, size_t size);

#endif
