/* Memory of one compiled template or of one rendering: handed out piece by piece, given back all at once, with a
 * ceiling.
 *
 *     assay_jarena arena;
 *     assay_jarena_init(&arena, 64 << 20);
 *     void *node = assay_jarena_alloc(&arena, 1, 32); // NULL: out of memory, or beyond the ceiling (arena.full tells)
 *     assay_jarena_release(&arena);
 *
 * The newest piece can grow in place (assay_jarena_extend), which keeps a loop that appends to one text linear. */
#ifndef ASSAY_PYTHON_PY_ARENA_H
#define ASSAY_PYTHON_PY_ARENA_H

#include "base/alloc.h"

typedef struct assay_jarena {
    struct assay_jarena_block *newest;
    char *top, *end;     /* what is free of the newest block */
    size_t bytes, limit; /* held by all blocks; at most */
    bool full;           /* the ceiling was the reason for a NULL */
} assay_jarena;

void assay_jarena_init(assay_jarena *arena, size_t limit);
void assay_jarena_release(assay_jarena *arena); /* safe on a zeroed arena, and twice */

/* Zeroed, aligned for any plain type. */
void *assay_jarena_alloc(assay_jarena *arena, size_t count, size_t size);

/* Zeroed bytes without alignment, for texts; `size` 0 gives a valid pointer. */
char *assay_jarena_bytes(assay_jarena *arena, size_t size);

/* Makes the piece that ends at `end` longer by `more` bytes where it stands. False: it is not the newest, or no room.
 */
bool assay_jarena_extend(assay_jarena *arena, const char *end, size_t more);

#endif
