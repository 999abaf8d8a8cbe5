/* A word as a shell has to be given it. */
#ifndef ASSAY_CLI_SHELL_WORD_H
#define ASSAY_CLI_SHELL_WORD_H

#include "base/buf.h"

/* Appends the text, in single quotes where a shell would see more in it than a word. */
assay_status assay_shell_word(assay_buf *out, const char *text, assay_error *err);

#endif
