/* Whether the processes of a run compute alike: the same program, the same bits from a fixed sample of its arithmetic,
 * the same model, data and settings. Processors may differ where the bits do not. */
#ifndef ASSAY_TASK_LIKENESS_H
#define ASSAY_TASK_LIKENESS_H

#include "backend/kernels.h"
#include "base/threads.h"
#include "comm/comm.h"

/* How this process computes, and what: texts that are the same where those are (fingerprints). All borrowed. */
typedef struct assay_likeness {
    const assay_kernels *kernels;
    assay_pool *pool;
    const char *model, *data, *settings; /* data NULL: there is none yet */
} assay_likeness;

/* ASSAY_E_UNEQUAL names the first part that differs, and the processes with their hosts. Nothing is computed where comm
 * is NULL or has one process. */
assay_status assay_likeness_check(const assay_likeness *likeness, assay_comm *comm, assay_error *err);

#endif
