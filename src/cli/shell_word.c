#include "cli/shell_word.h"

#include <string.h>

static bool needs_quotes(const char *text)
{
    return *text == '\0' ||
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%")] != '\0';
}

assay_status assay_shell_word(assay_buf *out, const char *text, assay_error *err)
{
    if (!needs_quotes(text)) return assay_buf_text(out, text, err);
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (; *text; text++)
        ASSAY_TRY(*text == '\'' ? assay_buf_text(out, "'\\''", err) : assay_buf_byte(out, *text, err));
    return assay_buf_byte(out, '\'', err);
}
