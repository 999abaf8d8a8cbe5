#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

assay_status(assay_error_set)(assay_error *err, assay_status status, const char *format, ...)
{
    if (!err) return status;
    va_list args;
    va_start(args, format);
    err->status = status;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

assay_status(assay_error_prefix)(assay_error *err, assay_status status, const char *format, ...)
{
    if (!err) return status;
    char joined[sizeof err->text];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(joined, sizeof joined, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof joined)
        snprintf(joined + length, sizeof joined - (size_t)length, "%s", err->text);
    memcpy(err->text, joined, sizeof err->text);
    err->status = status;
    return status;
}

int assay_status_exit_code(assay_status status)
{
    static const int codes[] = {
#define ASSAY_STATUS_CODE(name, code, text) code,
        ASSAY_STATUS_MAP(ASSAY_STATUS_CODE)
#undef ASSAY_STATUS_CODE
    };
    return codes[status];
}
