/* Text for a terminal of a given width: lines broken between words, by the columns that characters take there (Chinese
 * ones take two). */
#ifndef ASSAY_CLI_WRAP_H
#define ASSAY_CLI_WRAP_H

#include "base/buf.h"

enum { ASSAY_PAGE_COLUMNS = 80 }; /* of help and of tables: what every terminal shows */

/* Appends one line and its line feed. It begins in column `begin` and may reach column `width`; further lines begin
 * with `indent` spaces. A word longer than a line stays whole: a path must stay one that can be copied. */
assay_status assay_wrap_line(assay_buf *out, const char *text, size_t begin, size_t indent, size_t width,
                             assay_error *err);

/* Appends help text at ASSAY_PAGE_COLUMNS. Lines that begin in column 0 and follow each other are one paragraph; an
 * indented line is an example: where it is too long it goes on behind a backslash, as a shell reads it. */
assay_status assay_wrap_help(assay_buf *out, const char *text, assay_error *err);

#endif
