/* A command of `assay`: one constant in one file, command_NAME.c, and one line in options/command_map.h. run gets final
 * options (options/options.h). It prints its result on stdout (assay_print_text, or one object with assay_print_json
 * when options->json), talks through context->task.log and cli/progress.h, and returns its status: main prints the
 * error and turns the status into the exit code (base/status.h). */
#ifndef ASSAY_CLI_COMMAND_H
#define ASSAY_CLI_COMMAND_H

#include "cli/terminal.h"
#include "options/options.h"
#include "task/context.h"

typedef struct assay_command assay_command;

/* All commands, in the order in which help lists them. command_list.c has the one there is; only main.c asks for it. */
typedef struct assay_command_set {
    const assay_command *const *items;
    size_t count;
} assay_command_set;

typedef struct assay_command_context {
    assay_task_context task;
    assay_terminal *terminal;
    assay_command_set commands;
    const char *commit; /* what the program was built of; "unknown" outside of a repository */
} assay_command_context;

struct assay_command {
    const char *name;
    const char *summary;         /* one line, for the list */
    const char *arguments;       /* behind the name in the usage line */
    const char *help;            /* what it does and real examples; the options are added from the table */
    unsigned takes;              /* its ASSAY_FOR_ bit */
    size_t words_min, words_max; /* words without a name: options->positionals */
    /* Processes that a launcher started run it together (context->task.comm), or each for itself, as it looks at its
     * machine and writes nothing; neither: it is one process's, and several are refused. */
    bool together, each;
    bool saves;         /* Ctrl-C waits until it has finished what it writes; see cli/interrupt.h */
    bool reports_first; /* its result is on stdout even where an error follows: see assay_terminal.answered */
    assay_status (*run)(const assay_options *options, const assay_command_context *context, assay_error *err);
};

assay_command_set assay_commands(void);
const assay_command *assay_command_find(assay_command_set set, const char *name); /* NULL: there is none */

/* Writes usage, text and options of a command, or the list of all commands. */
assay_status assay_command_help(const assay_command *command, assay_error *err);
assay_status assay_command_overview(assay_command_set set, FILE *out, assay_error *err);

/* ASSAY_E_USAGE: "unknown command NAME; did you mean ...". */
assay_status assay_command_unknown(assay_command_set set, const char *name, assay_error *err);

#define ASSAY_COMMAND_DECLARE(name, bit) extern const assay_command assay_command_##name;
ASSAY_COMMAND_MAP(ASSAY_COMMAND_DECLARE)
#undef ASSAY_COMMAND_DECLARE

#endif
