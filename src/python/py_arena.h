/* Memory of one compiled template or of one rendering: handed out piece by piece, given back all at once, with a
 * ceiling.
 *
 *     assay_py_arena arena;
 *     assay_py_arena_init(&arena, 64 << 20);
 *     void *node = assay_py_arena_alloc(&arena, 1, 32); // NULL: out of memory, or beyond the ceiling (arena.full
 * tells) assay_py_arena_release(&arena);
 *
 * The newest piece can grow in place (assay_py_arena_extend), which keeps a loop that appends to one text linear. */
#ifndef ASSAY_PYTHON_PY_ARENA_H
#define ASSAY_PYTHON_PY_ARENA_H

#include "base/alloc.h"

typedef struct assay_py_arena {
    struct assay_py_arena_block *newest;
    char *top, *end;     /* what is free of the newest block */
    size_t bytes, limit; /* held by all blocks; at most */
    bool full;           /* the ceiling was the reason for a NULL */
} assay_py_arena;

void assay_py_arena_init(assay_py_arena *arena, size_t limit);
void assay_py_arena_release(assay_py_arena *arena); /* safe on a zeroed arena, and twice */

/* Zeroed, aligned for any plain type. */
void *assay_py_arena_alloc(assay_py_arena *arena, size_t count, size_t size);

/* Zeroed bytes without alignment, for texts; `size` 0 gives a valid pointer. */
char *assay_py_arena_bytes(assay_py_arena *arena, size_t size);

/* Makes the piece that ends at `end` longer by `more` bytes where it stands. False: it is not the newest, or no room.
 */
bool assay_py_arena_extend(assay_py_arena *arena, const char *end, size_t more);

#endif
