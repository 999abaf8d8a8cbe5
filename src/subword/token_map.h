/* Texts to ids, and back: the vocabulary that every kind of tokenizer shares. Ids are given by the caller and may have
 * gaps. Texts are copied, may hold zero bytes and are zero-terminated. The first id of a text keeps it in look-ups; a
 * second text for an id is refused. Look-ups are const and safe on many threads. */
#ifndef ASSAY_SUBWORD_TOKEN_MAP_H
#define ASSAY_SUBWORD_TOKEN_MAP_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_token {
    const char *text; /* NULL: no such id */
    uint32_t size;
    bool added; /* an added or special token: its text stands for itself, not for an alphabet */
} assay_token;

typedef struct assay_token_map {
    assay_token *tokens; /* by id */
    size_t count;        /* largest id + 1 */
    size_t token_capacity;
    uint32_t *slots; /* id + 1, 0: free; a power of two of them */
    size_t slot_count, used;
    struct assay_text_block *blocks;
} assay_token_map;

void assay_token_map_release(assay_token_map *map); /* a zeroed map is empty and fine */
assay_status assay_token_map_add(assay_token_map *map, const char *text, size_t size, int32_t id, assay_error *err);
int32_t assay_token_map_find(const assay_token_map *map, const char *text, size_t size); /* -1: not there */

/* Largest id that a vocabulary may use: keeps a hostile file from asking for a table of 2^31 entries. */
enum { ASSAY_TOKEN_ID_MAX = 1 << 24 };

#endif
