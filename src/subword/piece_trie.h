/* Longest match of a fixed set of byte strings at a place in a text: added tokens and user-defined symbols.
 *
 * A trie of bytes with a table for the first byte, so that a place where nothing can start costs one look-up. */
#ifndef ASSAY_SUBWORD_PIECE_TRIE_H
#define ASSAY_SUBWORD_PIECE_TRIE_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_piece_trie {
    struct assay_piece_node *nodes;
    size_t count, capacity;
    uint32_t first[256]; /* node + 1 by first byte, 0: none */
} assay_piece_trie;

void assay_piece_trie_release(assay_piece_trie *trie);

/* The first value of a text stays; an empty text is ignored. */
assay_status assay_piece_trie_add(assay_piece_trie *trie, const char *text, size_t size, int32_t value,
                                  assay_error *err);

/* Length of the longest member that `text` begins with (0: none) and its value. */
size_t assay_piece_trie_match(const assay_piece_trie *trie, const char *text, size_t size, int32_t *value);

#endif
