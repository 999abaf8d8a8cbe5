/* What a training run takes in several processes: bytes a step, exactly, and seconds a step, by a model that
 * docs/clusters.md writes down.
 *
 *     if (assay_process_forecast_is_wanted(options))
 *         ASSAY_TRY(assay_process_forecast_make(&forecast, training, err));
 *     ...
 *     assay_process_forecast_release(&forecast);
 */
#ifndef ASSAY_TASK_PROCESS_FORECAST_H
#define ASSAY_TASK_PROCESS_FORECAST_H

#include "base/json_doc.h"
#include "task/step_traffic.h"

enum { ASSAY_FORECAST_LINKS = 2 };

/* A stage of the first row. */
typedef struct assay_stage_forecast {
    double up_bytes, down_bytes; /* a step: sent to the stage above, and come from there */
    double compute_seconds;      /* of a step, of the row with most pairs */
} assay_stage_forecast;

typedef struct assay_process_forecast {
    size_t lanes;
    size_t most_pairs;          /* of a step, of the row of stages that has most of them */
    assay_step_traffic traffic; /* of so many processes, each on a host of its own */
    /* sent and received in a step: by the first process, by one at the edge of the tree, and sent by all together */
    uint64_t first_bytes, edge_bytes, all_bytes;
    double micro_batches;         /* of a row's step, at most */
    double speed;                 /* FLOPs a second of this machine, measured */
    double compute_seconds;       /* of a step in one process */
    assay_stage_forecast *stages; /* of the traffic's number; of a model that is not cut one */
    struct {
        double gigabits;         /* a second, in each direction */
        double exchange_seconds; /* of a step: sums, rewards, words */
        double row_seconds;      /* of a step: all passes through the row with most pairs */
        double waiting;          /* share of those seconds in which a stage does not compute, on the average */
        double step_seconds;
        double efficiency; /* 1: as many times faster as there are processes */
    } links[ASSAY_FORECAST_LINKS];
} assay_process_forecast;

/* Whether several processes are meant. */
bool assay_process_forecast_is_wanted(const assay_options *options);

/* training: opened as far as the plan, whose staging says of how many processes. On failure there is nothing to
 * release. */
assay_status assay_process_forecast_make(assay_process_forecast *out, const assay_training *training, assay_error *err);
void assay_process_forecast_release(assay_process_forecast *forecast); /* safe on a zeroed one */

/* What `assay plan --json` and the library's plan say: that of task/planning.h, and beside it "processes", and "stages"
 * of a model that is cut. forecast NULL: several processes are not meant. NULL: out of memory. */
json_t *assay_process_forecast_json(const assay_process_forecast *forecast, const assay_training *training);

#endif
