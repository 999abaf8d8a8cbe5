/* What the checkpoint that a run goes on from decides before the run is opened: what its texts and its sums are made
 * like goes on, or the data and the bits would be others. */
#ifndef ASSAY_TASK_EARLIER_RUN_H
#define ASSAY_TASK_EARLIER_RUN_H

#include "comm/comm.h"
#include "options/options.h"

typedef struct assay_earlier_run {
    bool was_01;   /* written by version 0.1, which says nothing of how it rendered texts */
    int64_t lanes; /* 0: there is no checkpoint */
} assay_earlier_run;

/* Of the checkpoint that --resume names or would find in --output. One that cannot be read is not there: whoever loads
 * it says why. The first process looks. */
assay_status assay_earlier_run_find(assay_earlier_run *earlier, const assay_options *options, assay_comm *comm,
                                    assay_error *err);

/* Lanes of this run (train/lanes.h): --lanes; else the checkpoint's; else one, or where a launcher started this run
 * (or plan is told of --processes) eight, with --tuning full as few as there can be. ASSAY_E_USAGE: not a power of two.
 */
assay_status assay_earlier_run_lanes(const assay_earlier_run *earlier, const assay_options *options,
                                     const assay_comm *comm, size_t *lanes, assay_error *err);

#endif
