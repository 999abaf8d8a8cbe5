/* Ctrl-C and SIGTERM: the first asks the job to stop at the next safe point, the second ends the program at once. A
 * signal handler can reach only static memory, so the flag is the one mutable static of the program; everyone else gets
 * a pointer to it through assay_task_context. */
#ifndef ASSAY_CLI_INTERRUPT_H
#define ASSAY_CLI_INTERRUPT_H

#include <signal.h>

/* Installs the handlers; also ignores SIGPIPE, so that a closed pipe is a write error. Returns the flag: 0 until asked
 * to stop, then the signal. Calls go on behind a signal (SA_RESTART) but for poll, which is how waiting for input ends
 * (data/byte_source.c); from the first signal on an alarm ends it every second, for a signal just before the wait began
 * would be missed. */
const volatile sig_atomic_t *assay_interrupt_install(void);

#endif
