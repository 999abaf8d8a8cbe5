/* What a run with streamed weights (stream/stream_list.h) takes in time: reading and computing go on at once, so it is
 * about the longer of the two. Both speeds are measured, for some tenths of a second: how fast the files are read past
 * the page cache, and how fast this machine multiplies. */
#ifndef ASSAY_TASK_STREAM_FORECAST_H
#define ASSAY_TASK_STREAM_FORECAST_H

#include "engine/planner.h"

typedef struct assay_stream_forecast {
    size_t micro_batches; /* of a step, at most */
    uint64_t step_bytes;  /* read in a step, at most */
    double read_speed;    /* bytes a second; 0: there are no files to read yet, and none of the seconds is known */
    double read_seconds, compute_seconds, seconds; /* of a step; the last is the larger */
} assay_stream_forecast;

/* request: that the plan was made for. The kernels, the pool and the list are borrowed during the call. */
assay_status assay_stream_forecast_make(assay_stream_forecast *out, const assay_plan_request *request,
                                        const assay_plan *plan, const assay_stream_list *list, assay_pool *pool,
                                        assay_error *err);

#endif
