/* What a training run takes in several processes: bytes a step, exactly, and seconds a step, by a model that
 * docs/clusters.md writes down.
 *
 *     if (options->processes)
 *         ASSAY_TRY(assay_process_forecast_make(&forecast, (int)options->processes, training, err));
 */
#ifndef ASSAY_TASK_PROCESS_FORECAST_H
#define ASSAY_TASK_PROCESS_FORECAST_H

#include "base/json_doc.h"
#include "task/training.h"

enum { ASSAY_FORECAST_LINKS = 2 };

typedef struct assay_process_forecast {
    int processes; /* each on a host of its own */
    size_t lanes;
    size_t pairs, most_pairs; /* of a step; of the process that has most of them */
    /* sent and received in a step: by the first process, by one at the edge of the tree, and sent by all together */
    uint64_t first_bytes, edge_bytes, all_bytes;
    double speed;           /* FLOPs a second of this machine, measured */
    double compute_seconds; /* of a step in one process */
    struct {
        double gigabits;         /* a second, in each direction */
        double exchange_seconds; /* of a step */
        double step_seconds;
        double efficiency; /* 1: as many times faster as there are processes */
    } links[ASSAY_FORECAST_LINKS];
} assay_process_forecast;

/* training: opened as far as the plan, for so many processes. */
assay_status assay_process_forecast_make(assay_process_forecast *out, int processes, const assay_training *training,
                                         assay_error *err);

json_t *assay_process_forecast_json(const assay_process_forecast *forecast); /* NULL: out of memory */

#endif
