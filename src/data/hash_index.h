/* Which item had this 64-bit key first? Keys are XXH3 hashes of texts: among a million different ones the chance of any
 * two being equal is 3e-8, so a key stands for its text.
 *
 *     assay_hash_index index;
 *     ASSAY_TRY(assay_hash_index_init(&index, count, err));
 *     uint32_t first = assay_hash_index_add(&index, key, i); // i itself: the key is new
 *     assay_hash_index_release(&index);
 */
#ifndef ASSAY_DATA_HASH_INDEX_H
#define ASSAY_DATA_HASH_INDEX_H

#include "base/alloc.h"

#include <stdint.h>

#define ASSAY_HASH_NONE UINT32_MAX

typedef struct assay_hash_index {
    uint64_t *keys;
    uint32_t *items; /* ASSAY_HASH_NONE: free */
    size_t mask;
} assay_hash_index;

/* Room for `count` different keys, no more may be added. */
assay_status assay_hash_index_init(assay_hash_index *index, size_t count, assay_error *err);
void assay_hash_index_release(assay_hash_index *index); /* safe on a zeroed one */

/* Remembers `item` unless the key is there already; returns the item that is remembered. */
uint32_t assay_hash_index_add(assay_hash_index *index, uint64_t key, uint32_t item);
uint32_t assay_hash_index_find(const assay_hash_index *index, uint64_t key); /* ASSAY_HASH_NONE: not there */

#endif
