#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)context;
    if (options->positionals.count == 0) return assay_command_overview(stdout, err);
    const assay_command *command = assay_command_find(options->positionals.items[0]);
    return command ? assay_command_help(command, err) : assay_command_unknown(options->positionals.items[0], err);
}

const assay_command assay_command_help_command = {
    .name = "help",
    .summary = "this list, or a command's options and examples",
    .arguments = "[COMMAND]",
    .help = "Shows what a command does, examples, and its options with their defaults.\n",
    .takes = ASSAY_FOR_HELP,
    .words_max = 1,
    .run = run,
};
