/* A command by its name, and what help says of one and of all. */
#include "cli/command.h"

#include "cli/option_help.h"
#include "cli/wrap.h"
#include "options/nearest.h"

#include <string.h>

enum { NAME_WIDTH = 11, USAGE_INDENT = 7 };

const assay_command *assay_command_find(assay_command_set set, const char *name)
{
    for (size_t i = 0; i < set.count; i++)
        if (strcmp(set.items[i]->name, name) == 0) return set.items[i];
    return NULL;
}

assay_status assay_command_unknown(assay_command_set set, const char *name, assay_error *err)
{
    assay_nearest nearest;
    assay_nearest_begin(&nearest, name, strlen(name));
    for (size_t i = 0; i < set.count; i++) assay_nearest_offer(&nearest, set.items[i]->name);
    return assay_error_set(err, ASSAY_E_USAGE, "unknown command \"%.300s\"; did you mean %s? See assay help", name,
                           nearest.best);
}

static assay_status write_help(assay_buf *out, const assay_command *command, assay_error *err)
{
    const char *space = *command->arguments ? " " : "";
    ASSAY_TRY(assay_buf_printf(out, err, "Usage: assay %s%s", command->name, space));
    ASSAY_TRY(assay_wrap_line(out, command->arguments, strlen("Usage: assay  ") + strlen(command->name), USAGE_INDENT,
                              ASSAY_PAGE_COLUMNS, err));
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(assay_wrap_help(out, command->help, err));
    return assay_option_help(out, command->takes, err);
}

assay_status assay_command_help(const assay_command *command, assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, 1 << 20);
    assay_status status = write_help(&out, command, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status write_overview(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out,
                             "Assay trains, judges and serves reward models for language models.\n\n"
                             "Usage: assay COMMAND [options]\n\n",
                             err));
    for (size_t i = 0; i < set.count; i++) {
        ASSAY_TRY(assay_buf_printf(out, err, "  %-*s ", NAME_WIDTH, set.items[i]->name));
        ASSAY_TRY(assay_wrap_line(out, set.items[i]->summary, NAME_WIDTH + 3, NAME_WIDTH + 3, ASSAY_PAGE_COLUMNS, err));
    }
    return assay_buf_text(out,
                          "\nassay help COMMAND shows a command's options and examples. A first run:\n\n"
                          "  assay train --model DIR --data pairs.jsonl --output my-reward\n"
                          "  assay score --model my-reward --input answers.jsonl\n",
                          err);
}

assay_status assay_command_overview(assay_command_set set, FILE *out, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 16);
    assay_status status = write_overview(&text, set, err);
    if (status == ASSAY_OK && (fputs(text.data, out) < 0 || fflush(out) != 0))
        status = assay_error_set(err, ASSAY_E_IO, "cannot write the help");
    assay_buf_release(&text);
    return status;
}
