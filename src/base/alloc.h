/* The only place that calls malloc and free. Sizes are multiplied with a check, so a count from a file can be passed as
 * it is: an overflow is an allocation failure, not a small buffer. All memory comes back zeroed. Every function that
 * returns NULL means out of memory; callers report it with ASSAY_TRY_ALLOC, which names what was wanted. */
#ifndef ASSAY_BASE_ALLOC_H
#define ASSAY_BASE_ALLOC_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

void *assay_alloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* Grows or shrinks; bytes beyond `old_count` are zeroed. On failure the old block stays valid and NULL is returned. */
void *assay_realloc(void *block, size_t old_count, size_t new_count, size_t size) __attribute__((warn_unused_result));

/* Copies; the result ends with a zero byte. `text` may be NULL (then NULL is returned). */
char *assay_strdup(const char *text) __attribute__((malloc, warn_unused_result));
char *assay_strndup(const char *text, size_t length) __attribute__((malloc, warn_unused_result));

/* printf into fresh memory. */
char *assay_strfmt(const char *format, ...) ASSAY_PRINTF(1, 2) __attribute__((malloc, warn_unused_result));

void assay_free(const void *block); /* NULL is fine */

/* For a process that lives long and is asked for large things now and then; before it has threads. One heap for all
 * threads, and large blocks outside of it, whatever came before: only so can assay_alloc_trim reach everything (glibc
 * never gives back the end of another heap than the first). */
void assay_alloc_keep_one_heap(void);
/* Memory that was freed goes back to the system; takes some milliseconds. */
void assay_alloc_trim(void);

/* a * b and a + b; false on overflow. The one helper for all size arithmetic on numbers from outside. */
bool assay_mul_size(size_t a, size_t b, size_t *out);
bool assay_add_size(size_t a, size_t b, size_t *out);

/* Grows a list so that `needed` elements of `size` bytes fit; doubles. list: the address of the pointer to its
 * elements, whatever they are (assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err)). */
assay_status assay_grow(void *list, size_t *capacity, size_t needed, size_t size, assay_error *err);

#define ASSAY_TRY_ALLOC(pointer, what, err)                                                            \
    do {                                                                                               \
        if (!(pointer)) return assay_error_set((err), ASSAY_E_MEMORY, "out of memory for %s", (what)); \
    } while (0)

#endif
