/* Code points and their classes, as the reference tokenizers see them. Hugging Face's pre-tokenizers match \p{L} and
 * \p{N} with Oniguruma (Unicode 16), Digits with Rust's char::is_numeric (newer still, as is to_lowercase) and
 * normalise with a crate of Unicode 9; utf8proc here knows Unicode 15. The differences were measured code point by code
 * point (tests/oracle/unicode_classes.py) and are the short tables of unicode.c: an id must not hang on a library's
 * release. */
#ifndef ASSAY_TEXT_UNICODE_H
#define ASSAY_TEXT_UNICODE_H

#include "base/alloc.h"

#include <stdint.h>

typedef enum assay_char_class {
    ASSAY_CHAR_OTHER,
    ASSAY_CHAR_LETTER,
    ASSAY_CHAR_NUMBER,
    ASSAY_CHAR_SPACE
} assay_char_class;

/* Byte length of the character that a lead byte of valid UTF-8 opens. */
static inline size_t assay_utf8_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* The code point at `text` (valid UTF-8, at least one byte) and its length. */
static inline int32_t assay_utf8_get(const char *text, size_t *length)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) return *length = 1, byte[0];
    if (byte[0] < 0xe0) return *length = 2, (byte[0] & 0x1f) << 6 | (byte[1] & 0x3f);
    if (byte[0] < 0xf0) return *length = 3, (byte[0] & 0x0f) << 12 | (byte[1] & 0x3f) << 6 | (byte[2] & 0x3f);
    return *length = 4, (byte[0] & 0x07) << 18 | (byte[1] & 0x3f) << 12 | (byte[2] & 0x3f) << 6 | (byte[3] & 0x3f);
}

size_t assay_utf8_put(char *out, int32_t code); /* writes 1 to 4 bytes, returns how many */

assay_char_class assay_char_classify(int32_t code); /* \p{L}, \p{N}, \s of Split and ByteLevel patterns */
bool assay_char_is_numeric(int32_t code);           /* Digits */
bool assay_char_is_space(int32_t code);             /* the White_Space property */
bool assay_char_is_word(int32_t code);              /* \w of the Whitespace step and around single_word tokens */
bool assay_char_is_punctuation(int32_t code);       /* ASCII punctuation or \p{P} */
bool assay_char_is_control(int32_t code);           /* what BertNormalizer drops: Cc, Cf, Co */
bool assay_char_is_nonspacing(int32_t code);        /* the accents that BertNormalizer strips: Mn */
bool assay_char_is_mark(int32_t code);              /* those of StripAccents: M */
/* char::to_lowercase, but for U+0130, whose small form is two characters */
int32_t assay_char_lower(int32_t code);

/* Bytes of the grapheme cluster (UAX #29, extended) that a text of valid UTF-8 begins with; size is not 0. */
size_t assay_grapheme_length(const char *text, size_t size);

/* True for code points that the reference's normaliser leaves alone although utf8proc would decompose, reorder or
 * compose them. */
bool assay_char_is_inert(int32_t code, bool compatibility);

/* The most bytes a text of `size` may become by a tokenizer's normalizers. Unicode's own longest expansion is 11 times
 * (U+FDFA), a space's 3; beyond 64 times the rules are hostile (forty rules "a" -> "aa" double a text forty times). */
size_t assay_normal_ceiling(size_t size);

#endif
