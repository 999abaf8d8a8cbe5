/* SentencePiece's precompiled_charsmap: replacements of strings, in one blob that tokenizer.model and tokenizer.json
 * ("Precompiled") both carry. Four bytes (little endian) say how many bytes of a Darts double array follow; behind it
 * lie the replacements, each ended by a zero byte; a value of the array is where its replacement begins. Read from a
 * file: every index is checked, a bad one ends the match. Const after reading.
 *
 * SentencePiece replaces the longest rule at each place. `tokenizers` (normalizers/precompiled.rs) goes by grapheme
 * clusters: a cluster of at most five bytes is replaced whole by its shortest rule, even where that covers only its
 * beginning; else every character is replaced by its own. */
#ifndef ASSAY_TEXT_CHARSMAP_H
#define ASSAY_TEXT_CHARSMAP_H

#include "base/buf.h"

#include <stdint.h>

typedef struct assay_charsmap {
    uint32_t *units; /* NULL: no rules */
    size_t unit_count;
    char *text; /* the replacements */
    size_t text_size;
} assay_charsmap;

void assay_charsmap_release(assay_charsmap *map); /* a zeroed one is fine */

/* An empty blob is no rules. What the map held before is released. */
assay_status assay_charsmap_read(assay_charsmap *map, const void *blob, size_t size, const char *where,
                                 assay_error *err);

/* Bytes of `text` that the longest rule takes (0: none), and its replacement, which belongs to the map. */
size_t assay_charsmap_longest(const assay_charsmap *map, const char *text, size_t size, const char **to,
                              size_t *to_size);

/* The text with its grapheme clusters replaced, appended to *out. */
assay_status assay_charsmap_run(const assay_charsmap *map, const char *text, size_t size, assay_buf *out,
                                assay_error *err);

#endif
