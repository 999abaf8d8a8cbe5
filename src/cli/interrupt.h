/* Ctrl-C and SIGTERM: the first asks the job to stop at the next safe point, the second ends the program at once. A
 * job that leaves nothing half done has three seconds for it. What schedulers warn with (SIGUSR1, SIGUSR2, SIGHUP) asks
 * a training the same and never ends it. A signal handler can reach only static memory, so what stands in interrupt.c
 * are the mutable statics of the program; everyone else gets a pointer to the flag through assay_task_context. */
#ifndef ASSAY_CLI_INTERRUPT_H
#define ASSAY_CLI_INTERRUPT_H

#include "base/status.h"

#include <signal.h>
#include <stdbool.h>

/* Installs the handlers; also ignores SIGPIPE and SIGXFSZ, so that a closed pipe and a file beyond the largest size
 * allowed (ulimit -f) are write errors. saves: the job is waited for, however long it takes to come to a safe point;
 * otherwise the program ends with exit code 130 where three seconds do not bring it there. Returns the flag: 0 until
 * asked to stop, then the first signal. Calls go on behind a signal (SA_RESTART) but for poll, which is how waiting for
 * input ends (data/byte_source.c); from the first signal on an alarm ends it every second, for a signal just before the
 * wait began would be missed. */
const volatile sig_atomic_t *assay_interrupt_install(bool saves);

/* SIGHUP, SIGUSR1 and SIGUSR2 ask to stop as well, but for those that were ignored when the program began (nohup). */
void assay_interrupt_by_scheduler(void);

/* And so does the signal of this name ("XCPU", "SIGCONT"; case does not matter). ASSAY_E_USAGE names those there are.
 */
assay_status assay_interrupt_also_by(const char *name, assay_error *err);

/* "TERM" of SIGTERM; static. */
const char *assay_interrupt_name(int signal_number);

#endif
