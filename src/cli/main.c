/* assay: finds the command, reads its options, runs it, and turns its status into a line on stderr and an exit code. */
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"

#include <string.h>

#ifndef ASSAY_COMMIT
#define ASSAY_COMMIT "unknown"
#endif

static assay_status check_words(const assay_command *command, const assay_options *options, assay_error *err)
{
    if (options->positionals.count >= command->words_min) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "%s: something is missing; the usage is: assay %s %s", command->name,
                           command->name, command->arguments);
}

/* Joins the others that a launcher has started, if one has. All but the first are silent. */
static assay_status join(assay_command_context *context, assay_comm **comm, assay_error *err)
{
    assay_status status = assay_comm_open(comm, err);
    context->task.comm = *comm;
    if (assay_comm_rank(*comm) == 0) return status;
    context->task.log = NULL;
    context->terminal->live = false;
    return status;
}

/* Several processes would write over each other, or print the same several times. */
static assay_status refuse_several(const assay_command *command, assay_command_context *context, assay_comm **comm,
                                   assay_error *err)
{
    bool several;
    ASSAY_TRY(assay_comm_is_launched(&several, err));
    if (!several) return ASSAY_OK;
    ASSAY_TRY(join(context, comm, err));
    context->task.comm = NULL;
    int size = assay_comm_size(*comm);
    assay_status status = size > 1
                              ? assay_error_set(err, ASSAY_E_USAGE,
                                                "%s is one process, and a launcher has started %d: leave mpirun or "
                                                "srun out; train, eval and score run in several",
                                                command->name, size)
                              : ASSAY_OK;
    return assay_comm_agree(*comm, status, NULL, err);
}

static assay_status read_words(const assay_command *command, assay_options *options, int count, const char *const *args,
                               const assay_log *log, assay_error *err)
{
    ASSAY_TRY(assay_options_init(options, err));
    ASSAY_TRY(assay_options_parse(options, command->takes, command->name, command->words_max, count, args, log, err));
    return options->help ? ASSAY_OK : check_words(command, options, err);
}

static assay_status run_with(const assay_command *command, assay_options *options, int count, const char *const *args,
                             assay_terminal *terminal, assay_comm **comm, assay_error *err)
{
    assay_log log = assay_terminal_log(terminal);
    assay_command_context context = {
        {&log, assay_interrupt_install(command->saves), NULL}, terminal, assay_commands(), ASSAY_COMMIT};
    *options = (assay_options){0};
    if (command->together) ASSAY_TRY(join(&context, comm, err));
    else if (!command->each) ASSAY_TRY(refuse_several(command, &context, comm, err));
    assay_status status = read_words(command, options, count, args, context.task.log, err);
    ASSAY_TRY(assay_comm_agree(*comm, status, NULL, err));
    bool leads = assay_comm_rank(*comm) == 0;
    terminal->quiet = options->quiet || !leads;
    if (options->help) return leads ? assay_command_help(command, err) : ASSAY_OK;
    terminal->answered = command->reports_first;
    return assay_comm_agree(*comm, command->run(options, &context, err), NULL, err);
}

static assay_status dispatch(int count, const char *const *args, assay_terminal *terminal, assay_comm **comm,
                             assay_error *err)
{
    if (count == 0) {
        assay_command_overview(assay_commands(), stderr, err);
        return assay_error_set(err, ASSAY_E_USAGE, "a command is missing");
    }
    const char *name = args[0];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) name = "version";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    const assay_command *command = assay_command_find(assay_commands(), name);
    if (!command) return assay_command_unknown(assay_commands(), name, err);
    assay_options options;
    assay_status status = run_with(command, &options, count - 1, args + 1, terminal, comm, err);
    assay_options_release(&options);
    return status;
}

/* With --json an error is an object too, where nothing else was printed: a script reads one thing either way. */
static void answer_error(int count, const char *const *args, assay_status status, const char *text)
{
    const assay_command *command = count ? assay_command_find(assay_commands(), args[0]) : NULL;
    bool json = false;
    for (int i = 1; i < count && strcmp(args[i], "--") != 0; i++) json |= !strcmp(args[i], "--json");
    if (!json || !command) return;
    json_t *object = json_pack("{s:s%, s:i}", "error", text, assay_text_border(text, strlen(text)), "exit_code",
                               assay_status_exit_code(status));
    if (object) assay_print_json(object, NULL);
    json_decref(object);
}

/* Of several processes one speaks; another only where it knows what the first does not. */
static void say_error(int count, const char *const *args, assay_terminal *terminal, const assay_comm *comm,
                      assay_error *error)
{
    int rank = assay_comm_rank(comm);
    if (!assay_comm_speaks(comm)) return;
    if (rank > 0)
        assay_error_prefix(error, error->status, "[rank %d of %d, %s] ", rank, assay_comm_size(comm),
                           assay_comm_host(comm, rank));
    else if (!terminal->answered) answer_error(count, args, error->status, error->text);
    assay_terminal_error(terminal, error->text);
}

/* What was done is done, but a launcher that is not told of the end takes it for a failure. */
static int leave(assay_terminal *terminal, assay_comm *comm, int exit_code)
{
    assay_error error;
    assay_status status = assay_comm_close(comm, exit_code, &error);
    if (status == ASSAY_OK) return exit_code;
    assay_terminal_error(terminal, error.text);
    return exit_code ? exit_code : assay_status_exit_code(status);
}

int main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv + 1;
    assay_terminal terminal;
    assay_error error = {0};
    assay_comm *comm = NULL;
    assay_terminal_open(&terminal, stderr);
    assay_status status = dispatch(argc - 1, words, &terminal, &comm, &error);
    error.status = status;
    assay_terminal_clear_line(&terminal);
    if (status == ASSAY_E_STOPPED) assay_terminal_clear_echo(&terminal);
    if (status != ASSAY_OK && status != ASSAY_E_UNREAD) say_error(argc - 1, words, &terminal, comm, &error);
    return leave(&terminal, comm, assay_status_exit_code(status));
}
