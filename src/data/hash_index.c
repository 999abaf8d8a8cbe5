/* Open addressing, at most half full, linear steps. Keys are hashes already: their low bits are the place. */
#include "data/hash_index.h"

assay_status assay_hash_index_init(assay_hash_index *index, size_t count, assay_error *err)
{
    *index = (assay_hash_index){0};
    if (count >= ASSAY_HASH_NONE)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%zu items, fewer than 2^32 - 1 are allowed", count);
    size_t places = 16;
    while (places < count * 2) places *= 2;
    index->keys = assay_alloc(places, sizeof *index->keys);
    index->items = assay_alloc(places, sizeof *index->items);
    if (!index->keys || !index->items) {
        assay_hash_index_release(index);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for an index of %zu items", count);
    }
    for (size_t i = 0; i < places; i++) index->items[i] = ASSAY_HASH_NONE;
    index->mask = places - 1;
    return ASSAY_OK;
}

void assay_hash_index_release(assay_hash_index *index)
{
    assay_free(index->keys);
    assay_free(index->items);
    *index = (assay_hash_index){0};
}

static size_t place_of(const assay_hash_index *index, uint64_t key)
{
    size_t place = (size_t)key & index->mask;
    while (index->items[place] != ASSAY_HASH_NONE && index->keys[place] != key) place = (place + 1) & index->mask;
    return place;
}

uint32_t assay_hash_index_add(assay_hash_index *index, uint64_t key, uint32_t item)
{
    size_t place = place_of(index, key);
    if (index->items[place] == ASSAY_HASH_NONE) {
        index->keys[place] = key;
        index->items[place] = item;
    }
    return index->items[place];
}

uint32_t assay_hash_index_find(const assay_hash_index *index, uint64_t key)
{
    return index->items[place_of(index, key)];
}
