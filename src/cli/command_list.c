#include "cli/command.h"

#include "cli/nearest.h"
#include "cli/option_help.h"

#include <string.h>

// clang-format off
static const assay_command *const commands[] = {
    &assay_command_train,
    &assay_command_plan,
    &assay_command_preview,
    &assay_command_verify,
    &assay_command_eval,
    &assay_command_score,
    &assay_command_serve,
    &assay_command_forward,
    &assay_command_report,
    &assay_command_inspect,
    &assay_command_data,
    &assay_command_tokenize,
    &assay_command_merge,
    &assay_command_convert,
    &assay_command_models,
    &assay_command_init,
    &assay_command_bench,
    &assay_command_init_config,
    &assay_command_doctor,
    &assay_command_help_command,
    &assay_command_version,
};
// clang-format on

size_t assay_command_count(void) { return sizeof commands / sizeof commands[0]; }

const assay_command *assay_command_at(size_t index) { return commands[index]; }

const assay_command *assay_command_find(const char *name)
{
    for (size_t i = 0; i < assay_command_count(); i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

assay_status assay_command_unknown(const char *name, assay_error *err)
{
    assay_nearest nearest;
    assay_nearest_begin(&nearest, name, strlen(name));
    for (size_t i = 0; i < assay_command_count(); i++) assay_nearest_offer(&nearest, commands[i]->name);
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

assay_status assay_command_overview(FILE *out, assay_error *err)
{
    fputs("Assay trains, judges and serves reward models for language models.\n\nUsage: assay COMMAND [options]\n\n",
          out);
    for (size_t i = 0; i < assay_command_count(); i++)
        fprintf(out, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nassay help COMMAND shows a command's options and examples. A first run:\n\n"
          "  assay train --model DIR --data pairs.jsonl --output my-reward\n"
          "  assay score --model my-reward --input answers.jsonl\n",
          out);
    if (fflush(out) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_IO, "cannot write the help");
}
