/* Is this UTF-8? The gate every text from outside passes once; behind it strings are trusted to be valid.
 * Valid is what Unicode says (chapter 3, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef ASSAY_DATA_UTF8_CHECK_H
#define ASSAY_DATA_UTF8_CHECK_H

#include <stddef.h>

/* The offset of the first byte that does not belong to a valid character; `size` when all is well. */
size_t assay_utf8_valid_prefix(const char *text, size_t size);

/* Characters (code points) of a valid text. */
size_t assay_utf8_length(const char *text, size_t size);

/* Bytes of the white space at the text's beginning (Unicode's White_Space, as Python's str.isspace has it); 0: a
 * letter, or nothing. */
size_t assay_utf8_space(const char *text, size_t size);

#endif
