/* A command by its name, and what help says of one and of all. */
#include "cli/command.h"

#include "cli/option_help.h"
#include "options/nearest.h"

#include <string.h>

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
    ASSAY_TRY(assay_buf_printf(out, err, "Usage: assay %s%s%s\n\n%s", command->name, space, command->arguments,
                               command->help));
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

assay_status assay_command_overview(assay_command_set set, FILE *out, assay_error *err)
{
    fputs("Assay trains, judges and serves reward models for language models.\n\nUsage: assay COMMAND [options]\n\n",
          out);
    for (size_t i = 0; i < set.count; i++) fprintf(out, "  %-11s %s\n", set.items[i]->name, set.items[i]->summary);
    fputs("\nassay help COMMAND shows a command's options and examples. A first run:\n\n"
          "  assay train --model DIR --data pairs.jsonl --output my-reward\n"
          "  assay score --model my-reward --input answers.jsonl\n",
          out);
    if (fflush(out) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_IO, "cannot write the help");
}
