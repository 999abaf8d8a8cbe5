#include "cli/command.h"
#include "cli/manual.h"

static assay_status print_made(const assay_options *options, assay_command_set set, const assay_command *command,
                               assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, 1 << 20);
    assay_status status = options->man ? assay_manual_page(&out, set, command, err)
                                       : assay_completion_script(&out, set, options->completion, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const char *name = options->positionals.count ? options->positionals.items[0] : NULL;
    const assay_command *command = name ? assay_command_find(context->commands, name) : NULL;
    if (name && !command) return assay_command_unknown(context->commands, name, err);
    if (options->man || options->completion) return print_made(options, context->commands, command, err);
    return command ? assay_command_help(command, err) : assay_command_overview(context->commands, stdout, err);
}

const assay_command assay_command_help_command = {
    .name = "help",
    .summary = "this list, or a command's options and examples",
    .arguments = "[COMMAND]",
    .help = "Shows what a command does, examples, and its options with their defaults. Also writes manual pages and "
            "completion scripts.\n"
            "\n"
            "Examples:\n"
            "  assay help train\n"
            "  assay help train --man | man -l -\n"
            "  source <(assay help --completion bash)\n",
    .takes = ASSAY_FOR_HELP,
    .words_max = 1,
    .each = true,
    .run = run,
};
