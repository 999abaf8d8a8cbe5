/* A chain of blocks, the newest first. A piece larger than a quarter block gets a block of its own, put behind the
 * newest, so that one long answer does not waste the rest of the block in use. */
#include "data/text_arena.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18, ALIGNMENT = 16 };

struct assay_text_block {
    struct assay_text_block *older;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

static struct assay_text_block *block_new(assay_text_arena *arena, size_t size)
{
    size_t total;
    if (!assay_add_size(size, sizeof(struct assay_text_block), &total)) return NULL;
    struct assay_text_block *block = assay_alloc(1, total);
    if (!block) return NULL;
    block->size = size;
    arena->bytes += total;
    return block;
}

static void *alone(assay_text_arena *arena, size_t size)
{
    struct assay_text_block *block = block_new(arena, size);
    if (!block) return NULL;
    block->used = size;
    if (arena->newest) {
        block->older = arena->newest->older;
        arena->newest->older = block;
    } else {
        arena->newest = block;
    }
    return block->bytes;
}

void *assay_text_arena_alloc(assay_text_arena *arena, size_t count, size_t size)
{
    size_t wanted;
    if (!assay_mul_size(count, size, &wanted) || !assay_add_size(wanted, ALIGNMENT - 1, &wanted)) return NULL;
    wanted &= ~(size_t)(ALIGNMENT - 1);
    if (assay_meter_take(arena->meter, wanted, NULL) != ASSAY_OK) return NULL;
    if (wanted > BLOCK_BYTES / 4) return alone(arena, wanted);
    struct assay_text_block *block = arena->newest;
    if (!block || block->size - block->used < wanted) {
        block = block_new(arena, BLOCK_BYTES);
        if (!block) return NULL;
        block->older = arena->newest;
        arena->newest = block;
    }
    void *piece = block->bytes + block->used;
    block->used += wanted;
    return piece;
}

char *assay_text_arena_copy(assay_text_arena *arena, const char *text, size_t size)
{
    size_t bytes;
    if (!assay_add_size(size, 1, &bytes)) return NULL;
    char *copy = assay_text_arena_alloc(arena, bytes, 1);
    if (copy && size) memcpy(copy, text, size);
    return copy;
}

void assay_text_arena_release(assay_text_arena *arena)
{
    for (struct assay_text_block *block = arena->newest; block;) {
        struct assay_text_block *older = block->older;
        assay_free(block);
        block = older;
    }
    *arena = (assay_text_arena){0};
}

void assay_text_arena_reset(assay_text_arena *arena)
{
    struct assay_text_block *kept = NULL;
    for (struct assay_text_block *block = arena->newest; block;) {
        struct assay_text_block *older = block->older;
        if (!kept && block->size == BLOCK_BYTES) kept = block;
        else assay_free(block);
        block = older;
    }
    *arena = (assay_text_arena){.newest = kept, .meter = arena->meter};
    if (!kept) return;
    memset(kept->bytes, 0, kept->used);
    kept->older = NULL;
    kept->used = 0;
    arena->bytes = sizeof *kept + kept->size;
}
