#include "task/stream_forecast.h"

#include "base/sizes.h"
#include "stream/stream_speed.h"
#include "task/arithmetic_speed.h"

#include <math.h>

assay_status assay_stream_forecast_make(assay_stream_forecast *out, const assay_plan_request *request,
                                        const assay_plan *plan, const assay_stream_list *list, assay_pool *pool,
                                        assay_error *err)
{
    double arithmetic = 0, tokens = (double)plan->micro_tokens / (double)request->longest_pair;
    size_t at_once = assay_larger(plan->micro_tokens / request->longest_pair, 1),
           pairs = assay_larger(request->step_tokens / request->longest_pair, 1);
    *out = (assay_stream_forecast){.micro_batches = (pairs + at_once - 1) / at_once};
    out->step_bytes = (uint64_t)out->micro_batches * plan->read_bytes;
    ASSAY_TRY(assay_stream_speed(list, &out->read_speed, err));
    if (out->read_speed <= 0) return ASSAY_OK;
    ASSAY_TRY(assay_arithmetic_speed(request->kernels, pool, request->program->bf16, &arithmetic, err));
    out->read_seconds = (double)out->step_bytes / out->read_speed;
    out->compute_seconds = (double)out->micro_batches * plan->flops * tokens / arithmetic;
    out->seconds = fmax(out->read_seconds, out->compute_seconds);
    return ASSAY_OK;
}
