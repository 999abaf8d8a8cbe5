/* Growable bytes with a ceiling given at birth.
 *
 *     assay_buf out;
 *     assay_buf_init(&out, 64 << 20);
 *     ASSAY_TRY(assay_buf_text(&out, "hello", err));
 *     ...
 *     assay_buf_release(&out);
 *
 * `data` always ends with a zero byte that `size` does not count (data is NULL only while nothing was ever added). A
 * failed append leaves the contents as they were. assay_buf_take hands the bytes over to the caller, who frees them
 * with assay_free.
 */
#ifndef ASSAY_BASE_BUF_H
#define ASSAY_BASE_BUF_H

#include "base/alloc.h"

typedef struct assay_buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t ceiling;
} assay_buf;

void assay_buf_init(assay_buf *buf, size_t ceiling);
void assay_buf_release(assay_buf *buf);
void assay_buf_reset(assay_buf *buf); /* size 0, memory kept */
assay_status assay_buf_append(assay_buf *buf, const void *bytes, size_t size, assay_error *err);
assay_status assay_buf_text(assay_buf *buf, const char *text, assay_error *err);
assay_status assay_buf_byte(assay_buf *buf, char byte, assay_error *err);
assay_status assay_buf_printf(assay_buf *buf, assay_error *err, const char *format, ...) ASSAY_PRINTF(3, 4);
/* size may be NULL; an empty buffer gives "" (or NULL: out of memory) */
char *assay_buf_take(assay_buf *buf, size_t *size);

#endif
