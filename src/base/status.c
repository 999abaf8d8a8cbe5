#include "base/status.h"

#include "base/text.h"

#include <string.h>

assay_status(assay_error_set)(assay_error *err, assay_status status, const char *format, ...)
{
    if (!err) return status;
    va_list args;
    va_start(args, format);
    err->status = status;
    assay_text_sentence(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

assay_status(assay_error_prefix)(assay_error *err, assay_status status, const char *format, ...)
{
    if (!err) return status;
    char joined[sizeof err->text];
    va_list args;
    va_start(args, format);
    assay_text_sentence(joined, sizeof joined, format, args);
    va_end(args);
    size_t length = strlen(joined);
    assay_text_visible(joined + length, sizeof joined - length, err->text, false);
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
