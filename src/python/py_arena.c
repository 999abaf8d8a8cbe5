#include "python/py_arena.h"

#include <stdint.h>

enum { BLOCK_BYTES = 1 << 15, ALIGNMENT = 16 };

typedef struct assay_jarena_block {
    struct assay_jarena_block *older;
    size_t padding; /* the bytes behind begin aligned */
    char bytes[];
} assay_jarena_block;

void assay_jarena_init(assay_jarena *arena, size_t limit) { *arena = (assay_jarena){.limit = limit}; }

void assay_jarena_release(assay_jarena *arena)
{
    while (arena->newest) {
        assay_jarena_block *block = arena->newest;
        arena->newest = block->older;
        assay_free(block);
    }
    assay_jarena_init(arena, arena->limit);
}

/* Blocks grow with what is held, and leave half of themselves free behind a large piece, so that it may grow there. */
static bool add_block(assay_jarena *arena, size_t size)
{
    size_t wanted, left = arena->limit - arena->bytes,
                   usual = arena->bytes / 2 < BLOCK_BYTES ? BLOCK_BYTES : arena->bytes / 2;
    if (!assay_mul_size(size, 2, &wanted)) wanted = SIZE_MAX;
    if (wanted < usual) wanted = usual;
    if (wanted > left) wanted = left;
    if (wanted < size || wanted > SIZE_MAX - sizeof(assay_jarena_block)) {
        arena->full = true;
        return false;
    }
    assay_jarena_block *block = assay_alloc(sizeof *block + wanted, 1);
    if (!block) return false;
    block->older = arena->newest;
    arena->newest = block;
    arena->top = block->bytes;
    arena->end = block->bytes + wanted;
    arena->bytes += wanted;
    return true;
}

void *assay_jarena_alloc(assay_jarena *arena, size_t count, size_t size)
{
    size_t bytes, gap = (ALIGNMENT - (uintptr_t)arena->top % ALIGNMENT) % ALIGNMENT;
    if (!assay_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 4) {
        arena->full = true;
        return NULL;
    }
    if (arena->top && (size_t)(arena->end - arena->top) >= gap) arena->top += gap;
    else arena->top = arena->end;
    return assay_jarena_bytes(arena, bytes);
}

char *assay_jarena_bytes(assay_jarena *arena, size_t size)
{
    if (!arena->top || (size_t)(arena->end - arena->top) < size) {
        if (!add_block(arena, size)) return NULL;
    }
    char *piece = arena->top;
    arena->top += size;
    return piece;
}

bool assay_jarena_extend(assay_jarena *arena, const char *end, size_t more)
{
    if (end != arena->top || !end || (size_t)(arena->end - arena->top) < more) return false;
    arena->top += more;
    return true;
}
