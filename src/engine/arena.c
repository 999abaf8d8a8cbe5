#include "engine/arena.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

assay_status assay_step_arena_open(assay_step_arena *arena, size_t bytes, assay_error *err)
{
    size_t wanted;
    *arena = (assay_step_arena){0};
    if (!assay_add_size(bytes, 2 * (size_t)HUGE_PAGE, &wanted))
        return assay_error_set(err, ASSAY_E_NO_FIT, "an arena of %zu bytes", bytes);
    void *mapping = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        return assay_error_set(err, ASSAY_E_MEMORY, "cannot map %zu bytes of step memory: %s", wanted, strerror(errno));
    uintptr_t aligned = ((uintptr_t)mapping + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    *arena = (assay_step_arena){.data = (void *)aligned, .bytes = bytes, .mapping = mapping, .mapping_bytes = wanted};
    madvise(arena->data, bytes, MADV_HUGEPAGE);
    memset(arena->data, 0, bytes);
    return ASSAY_OK;
}

void assay_step_arena_close(assay_step_arena *arena)
{
    if (arena->mapping) munmap(arena->mapping, arena->mapping_bytes);
    *arena = (assay_step_arena){0};
}
