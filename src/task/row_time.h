/* How long a row of stages takes for a step's micro-batches: each stage as many forward passes ahead as train/staged.c
 * lets it go, each message on its way while its sender computes (train/pipe.h).
 *
 *     assay_row_stage stages[2] = {{.forward = 1, .backward = 2, .ahead = 2, .up_bytes = 4e6, .down_bytes = 4e6},
 *                                  {.forward = 1, .backward = 2, .ahead = 1}};
 *     ASSAY_TRY(assay_row_seconds(stages, 2, 8, &link_to_all, &seconds, err)); // eight micro-batches
 */
#ifndef ASSAY_TASK_ROW_TIME_H
#define ASSAY_TASK_ROW_TIME_H

#include "base/status.h"

#include <stddef.h>

typedef struct assay_row_stage {
    double forward, backward;    /* seconds of a micro-batch */
    double up_bytes, down_bytes; /* of a micro-batch: to the stage above, and from there */
    int ahead;                   /* forward passes before the first backward pass, at least 1 */
} assay_row_stage;

typedef struct assay_row_link {
    double a_byte, latency; /* seconds a byte, and a message */
    double hashing;         /* seconds a byte, at either end */
} assay_row_link;

/* *seconds: until the last backward pass has ended. */
assay_status assay_row_seconds(const assay_row_stage *stages, int count, double micro_batches,
                               const assay_row_link *link, double *seconds, assay_error *err);

#endif
