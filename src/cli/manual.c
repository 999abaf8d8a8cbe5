#include "cli/manual.h"
#include "cli/command.h"

#include "base/version.h"
#include "cli/option_help.h"
#include "options/option_table.h"

#include <string.h>

/* Text as roff reads it: a hyphen that stays one, no escape, no line that begins with a request. */
static assay_status put_text(assay_buf *out, const char *text, size_t size, assay_error *err)
{
    if (size && (*text == '.' || *text == '\'')) ASSAY_TRY(assay_buf_text(out, "\\&", err));
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\') ASSAY_TRY(assay_buf_text(out, "\\e", err));
        else if (text[i] == '-') ASSAY_TRY(assay_buf_text(out, "\\-", err));
        else ASSAY_TRY(assay_buf_byte(out, text[i], err));
    }
    return ASSAY_OK;
}

static assay_status put_line(assay_buf *out, const char *text, size_t size, assay_error *err)
{
    ASSAY_TRY(put_text(out, text, size, err));
    return assay_buf_byte(out, '\n', err);
}

/* Help text: paragraphs; "Examples:" is a section; indented lines stand as they are. */
static assay_status put_help(assay_buf *out, const char *text, assay_error *err)
{
    bool verbatim = false;
    for (; *text; text += strcspn(text, "\n") + 1) {
        size_t size = strcspn(text, "\n");
        bool indented = size > 1 && text[0] == ' ' && text[1] == ' ';
        if (indented != verbatim && size) ASSAY_TRY(assay_buf_text(out, indented ? ".nf\n" : ".fi\n", err));
        if (size) verbatim = indented;
        if (!size) ASSAY_TRY(assay_buf_text(out, verbatim ? "\n" : ".PP\n", err));
        else if (!strncmp(text, "Examples:", size)) ASSAY_TRY(assay_buf_text(out, ".SH EXAMPLES\n", err));
        else ASSAY_TRY(put_line(out, text, size, err));
        if (!text[size]) break;
    }
    return verbatim ? assay_buf_text(out, ".fi\n", err) : ASSAY_OK;
}

static assay_status put_option(assay_buf *out, const assay_option_row *row, assay_error *err)
{
    const char *value = row->choices ? row->choices : row->value_name;
    bool optional = row->flags & ASSAY_OPTION_OPTIONAL;
    ASSAY_TRY(assay_buf_text(out, ".TP\n\\fB\\-\\-", err));
    ASSAY_TRY(put_text(out, row->name, strlen(row->name), err));
    ASSAY_TRY(assay_buf_text(out, "\\fR", err));
    if (value) {
        ASSAY_TRY(assay_buf_text(out, optional ? " [\\fI" : " \\fI", err));
        ASSAY_TRY(put_text(out, value, strlen(value), err));
        ASSAY_TRY(assay_buf_text(out, optional ? "\\fR]" : "\\fR", err));
    }
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(put_line(out, row->help, strlen(row->help), err));
    if (!row->default_text) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "Default: ", err));
    return put_line(out, row->default_text, strlen(row->default_text), err);
}

static bool is_shown(const assay_option_row *row, int group, unsigned command)
{
    return (int)row->group == group && (row->commands & command) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

static assay_status put_options(assay_buf *out, unsigned command, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, ".SH OPTIONS\n", err));
    for (int group = 0; group < ASSAY_GROUP_COUNT; group++) {
        bool titled = false;
        for (size_t i = 0; i < assay_option_count(); i++) {
            const assay_option_row *row = assay_option_at(i);
            if (!is_shown(row, group, command)) continue;
            if (!titled)
                ASSAY_TRY(assay_buf_printf(out, err, ".SS %s\n", assay_option_group_title((assay_option_group)group)));
            titled = true;
            ASSAY_TRY(put_option(out, row, err));
        }
    }
    return ASSAY_OK;
}

static assay_status put_end(assay_buf *out, assay_error *err)
{
    return assay_buf_text(
        out,
        ".SH EXIT STATUS\n0 done, 1 failed, 2 usage, 3 does not fit in memory, 4 verification "
        "failed, 75 stopped by a signal of the system or scheduler with a checkpoint to resume from, 130 interrupted.\n"
        ".SH SEE ALSO\n.BR assay (1)\n",
        err);
}

static assay_status command_page(assay_buf *out, const assay_command *command, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err, ".TH ASSAY-%s 1 \"\" \"Assay %s\" \"User Commands\"\n.SH NAME\nassay\\-",
                               command->name, ASSAY_VERSION));
    ASSAY_TRY(put_text(out, command->name, strlen(command->name), err));
    ASSAY_TRY(assay_buf_text(out, " \\- ", err));
    ASSAY_TRY(put_line(out, command->summary, strlen(command->summary), err));
    ASSAY_TRY(assay_buf_printf(out, err, ".SH SYNOPSIS\n\\fBassay %s\\fR ", command->name));
    ASSAY_TRY(put_line(out, command->arguments, strlen(command->arguments), err));
    ASSAY_TRY(assay_buf_text(out, ".SH DESCRIPTION\n", err));
    ASSAY_TRY(put_help(out, command->help, err));
    ASSAY_TRY(put_options(out, command->takes, err));
    return put_end(out, err);
}

static assay_status program_page(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err,
                               ".TH ASSAY 1 \"\" \"Assay %s\" \"User Commands\"\n.SH NAME\nassay \\- trains, judges "
                               "and serves reward models for language models\n"
                               ".SH SYNOPSIS\n\\fBassay\\fR \\fICOMMAND\\fR [options]\n.SH COMMANDS\n",
                               ASSAY_VERSION));
    for (size_t i = 0; i < set.count; i++) {
        const assay_command *command = set.items[i];
        ASSAY_TRY(assay_buf_text(out, ".TP\n\\fBassay\\-", err));
        ASSAY_TRY(put_text(out, command->name, strlen(command->name), err));
        ASSAY_TRY(assay_buf_text(out, "\\fR(1)\n", err));
        ASSAY_TRY(put_line(out, command->summary, strlen(command->summary), err));
    }
    ASSAY_TRY(assay_buf_text(out,
                             ".SH OPTIONS\nResults go to standard output, progress and notes to standard error. In "
                             "names \\- and _ mean the same. \\-\\-config FILE.yaml holds the "
                             "same names, the command line wins.\n",
                             err));
    return put_end(out, err);
}

assay_status assay_manual_page(assay_buf *out, assay_command_set set, const assay_command *command, assay_error *err)
{
    return command ? command_page(out, command, err) : program_page(out, set, err);
}
