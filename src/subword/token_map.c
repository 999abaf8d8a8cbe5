/* Open addressing over ids: a slot holds id + 1, the text is compared through the table of tokens. Texts live in blocks
 * that never move, so tokens may point at them. The table is at most half full. */
#include "subword/token_map.h"

#include <string.h>
#include <xxhash.h>

enum { BLOCK_BYTES = 1 << 16 };

typedef struct assay_text_block {
    struct assay_text_block *next;
    size_t used, size;
    char bytes[];
} text_block;

void assay_token_map_release(assay_token_map *map)
{
    while (map->blocks) {
        text_block *next = map->blocks->next;
        assay_free(map->blocks);
        map->blocks = next;
    }
    assay_free(map->tokens);
    assay_free(map->slots);
    *map = (assay_token_map){0};
}

static char *text_keep(assay_token_map *map, const char *text, size_t size)
{
    text_block *block = map->blocks;
    size_t bytes;
    if (!assay_add_size(size, 1, &bytes)) return NULL;
    if (!block || block->size - block->used < bytes) {
        size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        if (!assay_add_size(room, sizeof(text_block), &room)) return NULL;
        block = assay_alloc(room, 1);
        if (!block) return NULL;
        *block = (text_block){.next = map->blocks, .size = room - sizeof(text_block)};
        map->blocks = block;
    }
    char *kept = block->bytes + block->used;
    if (size) memcpy(kept, text, size);
    block->used += bytes;
    return kept;
}

static size_t slot_of(const assay_token_map *map, const char *text, size_t size)
{
    size_t mask = map->slot_count - 1;
    size_t slot = (size_t)XXH3_64bits(text, size) & mask;
    for (;; slot = (slot + 1) & mask) {
        if (!map->slots[slot]) return slot;
        const assay_token *token = &map->tokens[map->slots[slot] - 1];
        if (token->size == size && memcmp(token->text, text, size) == 0) return slot;
    }
}

static assay_status slots_grow(assay_token_map *map, assay_error *err)
{
    if (map->slot_count > 2 * (map->used + 1)) return ASSAY_OK;
    uint32_t *old = map->slots;
    size_t old_count = map->slot_count, count = old_count ? old_count * 2 : 1024;
    uint32_t *slots = assay_alloc(count, sizeof(*slots));
    ASSAY_TRY_ALLOC(slots, "a vocabulary", err);
    map->slots = slots;
    map->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i]) continue;
        const assay_token *token = &map->tokens[old[i] - 1];
        slots[slot_of(map, token->text, token->size)] = old[i];
    }
    assay_free(old);
    return ASSAY_OK;
}

assay_status assay_token_map_add(assay_token_map *map, const char *text, size_t size, int32_t id, assay_error *err)
{
    if (id < 0 || id > ASSAY_TOKEN_ID_MAX || size > UINT32_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "token id %d is outside 0..%d", (int)id, (int)ASSAY_TOKEN_ID_MAX);
    if ((size_t)id < map->count && map->tokens[id].text)
        return assay_error_set(err, ASSAY_E_FORMAT, "token id %d is given to both \"%s\" and \"%.*s\"", (int)id,
                               map->tokens[id].text, (int)(size < 80 ? size : 80), text);
    ASSAY_TRY(assay_grow(&map->tokens, &map->token_capacity, (size_t)id + 1, sizeof(assay_token), err));
    ASSAY_TRY(slots_grow(map, err));
    char *kept = text_keep(map, text, size);
    ASSAY_TRY_ALLOC(kept, "a vocabulary", err);
    map->tokens[id] = (assay_token){.text = kept, .size = (uint32_t)size};
    if (map->count < (size_t)id + 1) map->count = (size_t)id + 1;
    size_t slot = slot_of(map, kept, size);
    if (map->slots[slot]) return ASSAY_OK;
    map->slots[slot] = (uint32_t)id + 1;
    map->used++;
    return ASSAY_OK;
}

int32_t assay_token_map_find(const assay_token_map *map, const char *text, size_t size)
{
    if (!map->slot_count) return -1;
    uint32_t slot = map->slots[slot_of(map, text, size)];
    return slot ? (int32_t)(slot - 1) : -1;
}
