/* What `make install` puts beside the program, written from the command list and the option table: manual pages and
 * shell completion. */
#ifndef ASSAY_CLI_MANUAL_H
#define ASSAY_CLI_MANUAL_H

#include "base/buf.h"
#include "cli/command.h"

/* A page for man (roff, section 1): of a command, assay-NAME; with command NULL of the program, assay, with the list of
 * commands. */
assay_status assay_manual_page(assay_buf *out, assay_command_set set, const assay_command *command, assay_error *err);

/* A completion script. shell: "bash", "zsh" or "fish"; others are ASSAY_E_USAGE. Completes commands, their options, the
 * words of options that have a fixed set, and files behind the rest. */
assay_status assay_completion_script(assay_buf *out, assay_command_set set, const char *shell, assay_error *err);

#endif
