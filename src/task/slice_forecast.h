/* What processes that share AdamW's moments out (train/sliced.h) send and receive in a step for their gradients and
 * weights, exactly: sums and messages of comm/comm.h over the slices of optim/moment_slices.h.
 *
 *     ASSAY_TRY(assay_slice_forecast_make(&forecast, processes, training, err));
 */
#ifndef ASSAY_TASK_SLICE_FORECAST_H
#define ASSAY_TASK_SLICE_FORECAST_H

#include "task/training.h"

typedef struct assay_slice_forecast {
    /* bytes behind the heads of messages, sent and received: by the first process and by the last; sent by all */
    uint64_t first, last, all;
    uint64_t messages;                     /* sent by each, and as many received */
    uint64_t gradient_bytes, weight_bytes; /* of all slices: what is added up, what is given to all */
} assay_slice_forecast;

assay_status assay_slice_forecast_make(assay_slice_forecast *out, int processes, const assay_training *training,
                                       assay_error *err);

#endif
