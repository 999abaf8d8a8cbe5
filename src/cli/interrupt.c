/* Who may tell a job to stop: a person at the keyboard, twice where once takes too long, and a system or scheduler,
 * which warns with one signal (Slurm: --signal=USR1@120) and takes the machine back with another one. */
#include "cli/interrupt.h"

#include "base/text.h"

#include <string.h>
#include <unistd.h>

enum { PATIENCE = 3, INTERRUPTED = 130 };

static volatile sig_atomic_t asked, waited, patient;

static const struct {
    const char *name;
    int number;
} signals[] = {{"INT", SIGINT},   {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"USR1", SIGUSR1},   {"USR2", SIGUSR2},
               {"CONT", SIGCONT}, {"QUIT", SIGQUIT}, {"URG", SIGURG}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}};

/* SIG_DFL for both: a Ctrl-C behind a SIGTERM, or the other way round, is a second one too. A warning is none: the
 * SIGTERM behind it finds the checkpoint being written. */
static void on_signal(int signal_number)
{
    if (!asked) asked = signal_number;
    if (signal_number == SIGINT || signal_number == SIGTERM) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    alarm(1);
}

/* The signal may come just before a wait begins, which it then does not end. So once stopping is asked for, waits end
 * every second. Planning, or one long text, may be far from the next safe point. */
static void on_alarm(int signal_number)
{
    (void)signal_number;
    if (++waited >= PATIENCE && !patient) _exit(INTERRUPTED);
    alarm(1);
}

static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* What is ignored by whoever started the program (nohup) stays ignored. */
static void warn_by(int signal_number)
{
    struct sigaction now;
    if (sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_IGN) return;
    handle(signal_number, on_signal);
}

const volatile sig_atomic_t *assay_interrupt_install(bool saves)
{
    patient = saves;
    handle(SIGINT, on_signal);
    handle(SIGTERM, on_signal);
    handle(SIGALRM, on_alarm);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return &asked;
}

void assay_interrupt_by_scheduler(void)
{
    warn_by(SIGHUP);
    warn_by(SIGUSR1);
    warn_by(SIGUSR2);
}

assay_status assay_interrupt_also_by(const char *name, assay_error *err)
{
    const char *bare = assay_text_compare_n(name, "SIG", 3) == 0 ? name + 3 : name;
    for (size_t i = 1; i < sizeof signals / sizeof *signals; i++) {
        if (assay_text_compare(bare, signals[i].name) != 0) continue;
        handle(signals[i].number, on_signal);
        return ASSAY_OK;
    }
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--checkpoint-signal %s: one of CONT, QUIT, URG, WINCH, XCPU; TERM, HUP, USR1 and USR2 stop "
                           "a run with a checkpoint anyway",
                           name);
}

const char *assay_interrupt_name(int signal_number)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (signals[i].number == signal_number) return signals[i].name;
    return "?";
}
