#include "base/buf.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

void assay_buf_init(assay_buf *buf, size_t ceiling) { *buf = (assay_buf){.ceiling = ceiling}; }

void assay_buf_release(assay_buf *buf)
{
    assay_free(buf->data);
    assay_buf_init(buf, buf->ceiling);
}

void assay_buf_reset(assay_buf *buf)
{
    buf->size = 0;
    if (buf->data) buf->data[0] = 0;
}

static assay_status buf_reserve(assay_buf *buf, size_t more, assay_error *err)
{
    size_t needed;
    if (!assay_add_size(buf->size, more, &needed) || needed > buf->ceiling)
        return assay_error_set(err, ASSAY_E_FORMAT, "more than the allowed %zu bytes", buf->ceiling);
    ASSAY_TRY(assay_grow(&buf->data, &buf->capacity, needed + 1, 1, err));
    return ASSAY_OK;
}

assay_status assay_buf_append(assay_buf *buf, const void *bytes, size_t size, assay_error *err)
{
    ASSAY_TRY(buf_reserve(buf, size, err));
    if (size) memcpy(buf->data + buf->size, bytes, size);
    buf->size += size;
    buf->data[buf->size] = 0;
    return ASSAY_OK;
}

assay_status assay_buf_text(assay_buf *buf, const char *text, assay_error *err)
{
    return assay_buf_append(buf, text, strlen(text), err);
}

assay_status assay_buf_byte(assay_buf *buf, char byte, assay_error *err)
{
    return assay_buf_append(buf, &byte, 1, err);
}

assay_status assay_buf_printf(assay_buf *buf, assay_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = assay_text_vformat(NULL, 0, format, args);
    va_end(args);
    if (length < 0) return assay_error_set(err, ASSAY_E_FORMAT, "cannot format \"%s\"", format);
    ASSAY_TRY(buf_reserve(buf, (size_t)length, err));
    va_start(args, format);
    assay_text_vformat(buf->data + buf->size, (size_t)length + 1, format, args);
    va_end(args);
    buf->size += (size_t)length;
    return ASSAY_OK;
}

char *assay_buf_take(assay_buf *buf, size_t *size)
{
    if (size) *size = buf->size;
    char *data = buf->data ? buf->data : assay_strdup("");
    assay_buf_init(buf, buf->ceiling);
    return data;
}
