/* Where a model is cut into the stages of --stages, and that every process's plan fits in its own memory.
 *
 *     ASSAY_TRY(assay_staging_check(options, comm, false, err));
 *     ASSAY_TRY(assay_staging_make(&staging, options->stages, processes, comm, &subject, err)); // by every process
 *     assay_staging_enter(&staging, rank % staging.stages, &subject); // it is that of this process's stage from now on
 *     ...
 *     assay_staging_release(&staging);
 *
 * Borders are where the slowest stage is fastest, by the FLOPs of a schedule; where a stage does not fit then, it gives
 * layers to that with the most room. All processes take the same number of tokens for a micro-batch: the smallest of
 * what each would take. Who plans a run that is not there yet (comm NULL) plans the stages of one row, each as a
 * process on a host like this one would. */
#ifndef ASSAY_TASK_STAGING_H
#define ASSAY_TASK_STAGING_H

#include "comm/comm.h"
#include "options/options.h"
#include "task/planning.h"

typedef struct assay_staging {
    int stages;          /* 1: the model is not cut */
    int groups;          /* rows of so many processes */
    int *borders;        /* [stages + 1]: stage s has layers borders[s] to borders[s + 1] - 1 */
    size_t micro_tokens; /* of all stages */
} assay_staging;

/* Processes of the run that is meant: those that there are; planned, --processes, or without it one row of stages. */
int assay_staging_processes(const assay_options *options, const assay_comm *comm, bool planned);

/* What can be said before anything is read. ASSAY_E_USAGE: so many processes are not there, or an option was given that
 * does not go with stages. */
assay_status assay_staging_check(const assay_options *options, const assay_comm *comm, bool planned, assay_error *err);

/* processes: of the run, whether they are there or not. That a stage does not fit is no error; its planning says so.
 * ASSAY_E_USAGE: so many layers are not there. On failure there is nothing to release. */
assay_status assay_staging_make(assay_staging *staging, int64_t stages, int processes, assay_comm *comm,
                                const assay_planning_subject *subject, assay_error *err);
void assay_staging_release(assay_staging *staging); /* safe on a zeroed one */

/* The subject's slice, flights and micro_tokens become those of a stage; of a model that is not cut nothing changes. */
void assay_staging_enter(const assay_staging *staging, int stage, assay_planning_subject *subject);

/* assay_planning_refuse, of the stage whose planning it is. */
assay_status assay_staging_refuse(const assay_staging *staging, int stage, const assay_planning *planning,
                                  assay_error *err);

/* "layers 1 to 14, 15 to 28", as much of it as there is room. */
void assay_staging_say(const assay_staging *staging, char *text, size_t size);

#endif
