/* All pieces of a vocabulary that a text begins with: the look-up of the kinds that choose among pieces (Unigram,
 * WordPiece). Built once of all pieces, const afterwards.
 *
 *     ASSAY_TRY(assay_piece_index_build(&pieces, entries, count, where, err)); // entries are sorted in place
 *     uint32_t node = ASSAY_PIECE_ROOT;
 *     while (at < size && (node = assay_piece_index_step(&pieces, node, text[at++])) != ASSAY_PIECE_NONE)
 *         if (pieces.nodes[node].value >= 0) piece_ends(at);
 *
 * A step costs the logarithm of the node's fan-out. Added tokens, which are few and come one by one, have piece_trie.h.
 */
#ifndef ASSAY_SUBWORD_PIECE_INDEX_H
#define ASSAY_SUBWORD_PIECE_INDEX_H

#include "base/alloc.h"

#include <stdint.h>

enum { ASSAY_PIECE_ROOT = 0, ASSAY_PIECE_BYTES = 1024 };
#define ASSAY_PIECE_NONE UINT32_MAX

typedef struct assay_piece_entry {
    const char *text;
    uint32_t size;
    int32_t value; /* not negative */
} assay_piece_entry;

typedef struct assay_piece_index_node {
    uint32_t first_child; /* the next node's first_child ends the children */
    int32_t value;        /* -1: no piece ends here */
} assay_piece_index_node;

typedef struct assay_piece_index {
    assay_piece_index_node *nodes; /* count + 1 of them */
    unsigned char *bytes;          /* the byte that leads to a node; children lie sorted by it */
    size_t count;
    uint32_t roots[256];
} assay_piece_index;

void assay_piece_index_release(assay_piece_index *index); /* a zeroed one is fine */

/* Of equal texts the largest value stays. A piece of more than ASSAY_PIECE_BYTES bytes is refused: every place of a
 * text is looked up to that length, so it bounds the time of a hostile vocabulary. Empty texts are left out. */
assay_status assay_piece_index_build(assay_piece_index *index, assay_piece_entry *entries, size_t count,
                                     const char *where, assay_error *err);

uint32_t assay_piece_index_step(const assay_piece_index *index, uint32_t node, unsigned char byte);

/* Node that the whole text leads to, or ASSAY_PIECE_NONE. */
uint32_t assay_piece_index_walk(const assay_piece_index *index, const char *text, size_t size);

#endif
