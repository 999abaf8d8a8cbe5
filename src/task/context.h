/* What a task may use besides its options, whoever asks for it (the command line, the library, the server): where its
 * notes and warnings go, how it is told to stop, and who works with it. */
#ifndef ASSAY_TASK_CONTEXT_H
#define ASSAY_TASK_CONTEXT_H

#include "base/log.h"
#include "comm/comm.h"

#include <signal.h>

typedef struct assay_task_context {
    const assay_log *log;                     /* NULL: notes and warnings are dropped */
    const volatile sig_atomic_t *interrupted; /* not 0: stop cleanly and return ASSAY_E_STOPPED */
    assay_comm *comm;                         /* the processes that train together; NULL: this one alone */
} assay_task_context;

#endif
