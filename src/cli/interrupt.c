#include "cli/interrupt.h"

static volatile sig_atomic_t asked;

/* SIG_DFL for both: a Ctrl-C behind a SIGTERM, or the other way round, is a second one too. */
static void on_signal(int signal_number)
{
    asked = signal_number;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

const volatile sig_atomic_t *assay_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return &asked;
}
