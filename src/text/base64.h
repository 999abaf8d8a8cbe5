/* Base64 (RFC 4648): rank files and the charsmap of a tokenizer.json are written in it. */
#ifndef ASSAY_TEXT_BASE64_H
#define ASSAY_TEXT_BASE64_H

#include "base/alloc.h"

/* Bytes that a text stands for, ended by a zero byte, freed by the caller with assay_free. NULL: a letter outside the
 * alphabet, wrong padding, or no memory. */
char *assay_base64_decode(const char *text, size_t size, size_t *out_size);

/* The text of some bytes, freed by the caller with assay_free; NULL: no memory. */
char *assay_base64_encode(const void *bytes, size_t size);

#endif
