#include "cli/command.h"

#define COMMAND_ADDRESS(name, bit) &assay_command_##name,
static const assay_command *const commands[] = {ASSAY_COMMAND_MAP(COMMAND_ADDRESS)};
#undef COMMAND_ADDRESS

assay_command_set assay_commands(void) { return (assay_command_set){commands, sizeof commands / sizeof *commands}; }
