#include "base/alloc.h"

#include "base/text.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool assay_mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

bool assay_add_size(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }

void *assay_alloc(size_t count, size_t size) { return calloc(count ? count : 1, size ? size : 1); }

void *assay_realloc(void *block, size_t old_count, size_t new_count, size_t size)
{
    size_t bytes;
    if (!assay_mul_size(new_count, size, &bytes)) return NULL;
    char *grown = realloc(block, bytes ? bytes : 1);
    if (grown && new_count > old_count) memset(grown + old_count * size, 0, (new_count - old_count) * size);
    return grown;
}

char *assay_strndup(const char *text, size_t length)
{
    size_t bytes;
    if (!text || !assay_add_size(length, 1, &bytes)) return NULL;
    char *copy = assay_alloc(bytes, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

char *assay_strdup(const char *text) { return text ? assay_strndup(text, strlen(text)) : NULL; }

char *assay_strfmt(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = assay_text_vformat(NULL, 0, format, args);
    va_end(args);
    if (length < 0) return NULL;
    char *text = assay_alloc((size_t)length + 1, 1);
    if (!text) return NULL;
    va_start(args, format);
    assay_text_vformat(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

/* The one cast: what is freed may be of constants to everybody else. */
void assay_free(const void *block) { free((void *)(uintptr_t)block); }

void assay_alloc_keep_one_heap(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
}

void assay_alloc_trim(void) { malloc_trim(0); }

assay_status assay_grow(void *list, size_t *capacity, size_t needed, size_t size, assay_error *err)
{
    if (needed <= *capacity) return ASSAY_OK;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2) return assay_error_set(err, ASSAY_E_MEMORY, "a list of %zu elements", needed);
        wanted *= 2;
    }
    void *items; /* read and written as bytes: the pointer there is of the elements' own type */
    memcpy(&items, list, sizeof items);
    void *grown = assay_realloc(items, *capacity, wanted, size);
    if (!grown) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of %zu elements", wanted);
    memcpy(list, &grown, sizeof grown);
    *capacity = wanted;
    return ASSAY_OK;
}
