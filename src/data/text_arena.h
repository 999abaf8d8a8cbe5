/* Memory for the strings and lists of a pair set: handed out piece by piece, given back all at once.
 *
 *     assay_text_arena arena = {0};
 *     const char *copy = assay_text_arena_copy(&arena, text, size); // NULL: out of memory
 *     assay_text_arena_release(&arena);
 */
#ifndef ASSAY_DATA_TEXT_ARENA_H
#define ASSAY_DATA_TEXT_ARENA_H

#include "base/alloc.h"
#include "base/meter.h"

typedef struct assay_text_arena {
    struct assay_text_block *newest;
    size_t bytes;       /* held, the blocks' unused ends included */
    assay_meter *meter; /* borrowed; what is handed out is charged to it, and never given back; NULL: nobody counts */
} assay_text_arena;

/* Zeroed, aligned for any plain type. NULL: out of memory, count * size overflows, or the meter refuses. */
void *assay_text_arena_alloc(assay_text_arena *arena, size_t count, size_t size);
char *assay_text_arena_copy(assay_text_arena *arena, const char *text, size_t size); /* ends with a zero byte */

/* Everything handed out so far becomes invalid; one ordinary block is kept for what comes next. */
void assay_text_arena_reset(assay_text_arena *arena);
void assay_text_arena_release(assay_text_arena *arena); /* safe on a zeroed arena */

#endif
