/* The one piece of memory a run computes in: an anonymous mapping, 2 MiB aligned, with huge pages where the system
 * gives them, zeroed, touched once when it is made, never grown. */
#ifndef ASSAY_ENGINE_ARENA_H
#define ASSAY_ENGINE_ARENA_H

#include "base/status.h"

#include <stddef.h>

typedef struct assay_step_arena {
    void *data;
    size_t bytes;
    void *mapping;
    size_t mapping_bytes;
} assay_step_arena;

assay_status assay_step_arena_open(assay_step_arena *arena, size_t bytes, assay_error *err);
void assay_step_arena_close(assay_step_arena *arena); /* safe on a zeroed or closed arena */

#endif
