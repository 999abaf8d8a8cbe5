/* What a run that spills values (--spill) writes and reads, and how long that takes. How fast the folder's disk is, and
 * how fast this machine multiplies, are measured before the run is planned, for a second or so.
 *
 *     assay_spill_forecast forecast;
 *     ASSAY_TRY(assay_spill_forecast_begin(&forecast, program, kernels, pool, folder, err)); // the speeds
 *     // ... a plan is made with forecast.flops ...
 *     assay_spill_forecast_end(&forecast, &plan, step_tokens, run_tokens); // what the plan writes
 */
#ifndef ASSAY_TASK_SPILL_FORECAST_H
#define ASSAY_TASK_SPILL_FORECAST_H

#include "base/json_doc.h"
#include "engine/planner.h"

typedef struct assay_spill_forecast {
    double write_speed, read_speed; /* bytes a second */
    double flops;                   /* done while one byte is written and read back */
    uint64_t step_bytes, run_bytes; /* written, about; run_bytes 0: how long the run is is not known */
    double seconds;                 /* to write and read a step's bytes */
} assay_spill_forecast;

assay_status assay_spill_forecast_begin(assay_spill_forecast *out, const assay_program *program,
                                        const assay_kernels *kernels, assay_pool *pool, const char *folder,
                                        assay_error *err);

/* step_tokens, run_tokens: of a step of usual length and of the whole run. */
void assay_spill_forecast_end(assay_spill_forecast *forecast, const assay_plan *plan, double step_tokens,
                              double run_tokens);

/* NULL: the plan spills nothing, or out of memory. */
json_t *assay_spill_forecast_json(const assay_spill_forecast *forecast, const assay_plan *plan);

#endif
