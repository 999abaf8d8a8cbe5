#include "python/py_arena.h"

#include <stdint.h>

enum { BLOCK_BYTES = 1 << 15, ALIGNMENT = 16 };

typedef struct assay_py_arena_block {
    struct assay_py_arena_block *older;
    size_t padding; /* the bytes behind begin aligned */
    char bytes[];
} assay_py_arena_block;

void assay_py_arena_init(assay_py_arena *arena, size_t limit) { *arena = (assay_py_arena){.limit = limit}; }

void assay_py_arena_release(assay_py_arena *arena)
{
    while (arena->newest) {
        assay_py_arena_block *block = arena->newest;
        arena->newest = block->older;
        assay_free(block);
    }
    assay_py_arena_init(arena, arena->limit);
}

/* Blocks grow with what is held, and leave half of themselves free behind a large piece, so that it may grow there. */
static bool add_block(assay_py_arena *arena, size_t size)
{
    size_t wanted, left = arena->limit - arena->bytes,
                   usual = arena->bytes / 2 < BLOCK_BYTES ? BLOCK_BYTES : arena->bytes / 2;
    if (!assay_mul_size(size, 2, &wanted)) wanted = SIZE_MAX;
    if (wanted < usual) wanted = usual;
    if (wanted > left) wanted = left;
    if (wanted < size || wanted > SIZE_MAX - sizeof(assay_py_arena_block)) {
        arena->full = true;
        return false;
    }
    assay_py_arena_block *block = assay_alloc(sizeof *block + wanted, 1);
    if (!block) return false;
    block->older = arena->newest;
    arena->newest = block;
    arena->top = block->bytes;
    arena->end = block->bytes + wanted;
    arena->bytes += wanted;
    return true;
}

void *assay_py_arena_alloc(assay_py_arena *arena, size_t count, size_t size)
{
    size_t bytes, gap = (ALIGNMENT - (uintptr_t)arena->top % ALIGNMENT) % ALIGNMENT;
    if (!assay_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 4) {
        arena->full = true;
        return NULL;
    }
    if (arena->top && (size_t)(arena->end - arena->top) >= gap) arena->top += gap;
    else arena->top = arena->end;
    return assay_py_arena_bytes(arena, bytes);
}

char *assay_py_arena_bytes(assay_py_arena *arena, size_t size)
{
    if (!arena->top || (size_t)(arena->end - arena->top) < size) {
        if (!add_block(arena, size)) return NULL;
    }
    char *piece = arena->top;
    arena->top += size;
    return piece;
}

bool assay_py_arena_extend(assay_py_arena *arena, const char *end, size_t more)
{
    if (end != arena->top || !end || (size_t)(arena->end - arena->top) < more) return false;
    arena->top += more;
    return true;
}
