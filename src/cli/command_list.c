/* The list of commands, one line each. */
#include "cli/command.h"

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

assay_command_set assay_commands(void) { return (assay_command_set){commands, sizeof commands / sizeof *commands}; }
