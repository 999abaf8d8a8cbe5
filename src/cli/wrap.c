#include "cli/wrap.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

enum { EXAMPLE_INDENT = 6 };

/* Columns of the first `size` bytes; what is not UTF-8 takes one a byte. */
static size_t columns_of(const char *text, size_t size)
{
    size_t columns = 0;
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(size - at), &c);
        columns += used > 0 ? (size_t)utf8proc_charwidth(c) : 1;
        at += used > 0 ? (size_t)used : 1;
    }
    return columns;
}

/* A run of words; further lines begin with `indent` spaces, and the broken ones end with `joint`. */
typedef struct wrapping {
    assay_buf *out;
    size_t column, indent, width;
    const char *joint;
    bool begun; /* a word stands in this line, behind what the caller wrote */
} wrapping;

static assay_status put_word(wrapping *w, const char *word, size_t size, assay_error *err)
{
    size_t columns = columns_of(word, size);
    if (w->begun && w->column + 1 + columns + strlen(w->joint) > w->width) {
        ASSAY_TRY(assay_buf_printf(w->out, err, "%s\n%*s", w->joint, (int)w->indent, ""));
        w->column = w->indent;
    } else if (w->begun) {
        ASSAY_TRY(assay_buf_byte(w->out, ' ', err));
        w->column++;
    }
    w->column += columns;
    w->begun = true;
    return assay_buf_append(w->out, word, size, err);
}

static assay_status put_words(wrapping *w, const char *text, size_t size, assay_error *err)
{
    for (const char *end = text + size; text < end;) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        size_t length = space ? (size_t)(space - text) : (size_t)(end - text);
        ASSAY_TRY(put_word(w, text, length, err));
        text += length + (space != NULL);
    }
    return ASSAY_OK;
}

assay_status assay_wrap_line(assay_buf *out, const char *text, size_t begin, size_t indent, size_t width,
                             assay_error *err)
{
    wrapping w = {out, begin, indent, width, "", false};
    ASSAY_TRY(put_words(&w, text, strlen(text), err));
    return assay_buf_byte(out, '\n', err);
}

/* A shell may break a command before an option or a pipe; elsewhere a blank may stand inside quotes. */
static size_t example_piece(const char *text, size_t size)
{
    for (size_t at = 1; at + 2 < size; at++)
        if (!memcmp(text + at, " --", 3) || !memcmp(text + at, " | ", 3)) return at;
    return size;
}

static assay_status put_example(assay_buf *out, const char *line, size_t size, assay_error *err)
{
    if (columns_of(line, size) <= ASSAY_PAGE_COLUMNS) return assay_buf_append(out, line, size, err);
    wrapping w = {out, 0, EXAMPLE_INDENT, ASSAY_PAGE_COLUMNS, " \\", false};
    for (size_t at = 0; at < size;) {
        size_t length = example_piece(line + at, size - at);
        ASSAY_TRY(put_word(&w, line + at, length, err));
        at += length + (at + length < size);
    }
    return ASSAY_OK;
}

assay_status assay_wrap_help(assay_buf *out, const char *text, assay_error *err)
{
    wrapping w = {out, 0, 0, ASSAY_PAGE_COLUMNS, "", false};
    for (bool more = true; more;) {
        size_t size = strcspn(text, "\n");
        bool prose = size && *text != ' ', next_is_prose = text[size] && text[size + 1] > ' ';
        if (prose) ASSAY_TRY(put_words(&w, text, size, err));
        else ASSAY_TRY(put_example(out, text, size, err));
        more = text[size] == '\n';
        if (more && !(prose && next_is_prose && text[size - 1] != ':')) {
            ASSAY_TRY(assay_buf_byte(out, '\n', err));
            w.column = 0;
            w.begun = false;
        }
        text += size + 1;
    }
    return ASSAY_OK;
}
