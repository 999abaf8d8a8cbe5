/* Where a model is cut into the stages of --stages, and that every process's plan fits in its own memory.
 *
 *     ASSAY_TRY(assay_staging_check(stages, comm, err));
 *     ASSAY_TRY(assay_staging_make(&staging, stages, comm, &subject, err)); // every process of the run
 *     ... // the subject is that of this process's stage from now on
 *     assay_staging_release(&staging);
 *
 * Borders are where the slowest stage is fastest, by the FLOPs of a schedule; where a stage does not fit then, it gives
 * layers to that with the most room. All processes take the same number of tokens for a micro-batch: the smallest of
 * what each would take. */
#ifndef ASSAY_TASK_STAGING_H
#define ASSAY_TASK_STAGING_H

#include "comm/comm.h"
#include "task/planning.h"

typedef struct assay_staging {
    int stages;   /* 1: the model is not cut */
    int *borders; /* [stages + 1]: stage s has layers borders[s] to borders[s + 1] - 1 */
} assay_staging;

/* What can be said before anything is read. ASSAY_E_USAGE: so many processes are not there. */
assay_status assay_staging_check(int64_t stages, const assay_comm *comm, assay_error *err);

/* Changes the subject's slice, flights and micro_tokens. That a stage does not fit is no error; its planning says so.
 * ASSAY_E_USAGE: so many layers are not there. On failure there is nothing to release. */
assay_status assay_staging_make(assay_staging *staging, int64_t stages, assay_comm *comm,
                                assay_planning_subject *subject, assay_error *err);
void assay_staging_release(assay_staging *staging); /* safe on a zeroed one */

/* "layers 1 to 14, 15 to 28", as much of it as there is room. */
void assay_staging_say(const assay_staging *staging, char *text, size_t size);

#endif
