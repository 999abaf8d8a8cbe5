#include "cli/interrupt.h"

#include <unistd.h>

enum { PATIENCE = 3, INTERRUPTED = 130 };

static volatile sig_atomic_t asked, waited, patient;

/* SIG_DFL for both: a Ctrl-C behind a SIGTERM, or the other way round, is a second one too. */
static void on_signal(int signal_number)
{
    asked = signal_number;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
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
