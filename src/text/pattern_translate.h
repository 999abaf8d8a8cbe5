/* Patterns of tokenizer.json files for PCRE2. */
#ifndef ASSAY_TEXT_PATTERN_TRANSLATE_H
#define ASSAY_TEXT_PATTERN_TRANSLATE_H

#include "base/buf.h"

/* Appends the translation of a zero-terminated Oniguruma pattern of `size` bytes; a construct of another meaning is an
 * error naming it. */
assay_status assay_pattern_translate(const char *text, size_t size, const char *where, assay_buf *out,
                                     assay_error *err);

#endif
