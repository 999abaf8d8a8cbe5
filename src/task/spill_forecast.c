#include "task/spill_forecast.h"

#include "stream/spill_file.h"
#include "task/arithmetic_speed.h"

assay_status assay_spill_forecast_begin(assay_spill_forecast *out, const assay_program *program,
                                        const assay_kernels *kernels, assay_pool *pool, const char *folder,
                                        assay_error *err)
{
    double arithmetic = 0;
    *out = (assay_spill_forecast){0};
    ASSAY_TRY(assay_spill_file_speeds(folder, &out->write_speed, &out->read_speed, err));
    ASSAY_TRY(assay_arithmetic_speed(kernels, pool, program->bf16, &arithmetic, err));
    if (out->write_speed > 0 && out->read_speed > 0)
        out->flops = arithmetic * (1 / out->write_speed + 1 / out->read_speed);
    return ASSAY_OK;
}

void assay_spill_forecast_end(assay_spill_forecast *f, const assay_plan *plan, double step_tokens, double run_tokens)
{
    double bytes = (double)plan->spill_bytes / (double)plan->micro_tokens;
    if (!plan->spilled) return;
    f->step_bytes = (uint64_t)(bytes * step_tokens);
    f->run_bytes = (uint64_t)(bytes * run_tokens);
    f->seconds = (double)f->step_bytes * (1 / f->write_speed + 1 / f->read_speed);
}

json_t *assay_spill_forecast_json(const assay_spill_forecast *f, const assay_plan *plan)
{
    if (!plan->spilled) return NULL;
    json_t *json = json_pack("{s:i, s:I, s:I, s:f, s:f, s:f}", "layers", plan->spilled, "spill_bytes_micro_batch",
                             (json_int_t)plan->spill_bytes, "spill_bytes_step", (json_int_t)f->step_bytes,
                             "write_bytes_per_second", f->write_speed, "read_bytes_per_second", f->read_speed,
                             "step_seconds", f->seconds);
    if (json && f->run_bytes) json_object_set_new(json, "spill_bytes_run", json_integer((json_int_t)f->run_bytes));
    return json;
}
