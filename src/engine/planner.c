#include "engine/planner.h"

enum { WIDE_ENOUGH = 2048 }; /* tokens beyond which matrix products gain nothing */

static assay_bounds bounds_of(const assay_plan_request *request, size_t micro_tokens)
{
    size_t scored = request->step_scored < micro_tokens ? request->step_scored : micro_tokens;
    return (assay_bounds){.rows = {micro_tokens, scored}, .longest_path = request->longest_path};
}

assay_engine_config assay_plan_engine(const assay_plan_request *request, const assay_plan *plan)
{
    return (assay_engine_config){.program = request->program, .kernels = request->kernels, .pool = request->pool, .bounds = plan->bounds,
                                 .schedule = {.keep = ASSAY_KEEP_NEEDED, .replayed = plan->replayed, .backward = request->backward}};
}

/* Fills in the plan of one choice; *fits tells whether it is within the budget. */
static assay_status try_plan(const assay_plan_request *request, size_t micro_tokens, int replayed, assay_plan *plan, bool *fits, assay_error *err)
{
    *plan = (assay_plan){.micro_tokens = micro_tokens, .replayed = replayed, .bounds = bounds_of(request, micro_tokens)};
    assay_engine_config config = assay_plan_engine(request, plan);
    ASSAY_TRY(assay_engine_plan(&config, &plan->arena_bytes, err));
    plan->total_bytes = plan->arena_bytes + request->fixed_bytes;
    *fits = plan->total_bytes <= request->budget;
    return ASSAY_OK;
}

static size_t widest(const assay_plan_request *request)
{
    size_t wide = request->longest_pair > WIDE_ENOUGH ? request->longest_pair : WIDE_ENOUGH;
    size_t useful = request->step_tokens > request->longest_pair ? request->step_tokens : request->longest_pair;
    return useful < wide ? useful : wide;
}

/* Halves the micro-batch until it fits or is as small as the longest pair. */
static assay_status fit_tokens(const assay_plan_request *request, int replayed, assay_plan *plan, bool *fits, assay_error *err)
{
    size_t tokens = request->micro_tokens ? request->micro_tokens : widest(request);
    for (;;) {
        ASSAY_TRY(try_plan(request, tokens, replayed, plan, fits, err));
        if (*fits || request->micro_tokens || tokens == request->longest_pair) return ASSAY_OK;
        tokens = tokens / 2 > request->longest_pair ? tokens / 2 : request->longest_pair;
    }
}

/* The fewest replayed layers that fit, the micro-batch being as small as may be. */
static assay_status fit_layers(const assay_plan_request *request, size_t tokens, assay_plan *plan, bool *fits, assay_error *err)
{
    int low = 1, high = request->program->layers;
    assay_plan found;
    ASSAY_TRY(try_plan(request, tokens, high, plan, fits, err));
    if (!*fits) return ASSAY_OK;
    while (low < high) {
        int middle = low + (high - low) / 2;
        bool enough;
        ASSAY_TRY(try_plan(request, tokens, middle, &found, &enough, err));
        if (enough)
            high = middle;
        else
            low = middle + 1;
    }
    return try_plan(request, tokens, high, plan, fits, err);
}

assay_status assay_plan_make(const assay_plan_request *request, assay_plan *plan, assay_error *err)
{
    bool fits;
    int replayed = request->recompute == ASSAY_RECOMPUTE_ALL && request->backward ? request->program->layers : 0;
    if (request->micro_tokens && request->micro_tokens < request->longest_pair)
        return assay_error_set(err, ASSAY_E_NO_FIT, "--micro-tokens %zu is less than the longest pair, which has %zu tokens and is never split", request->micro_tokens,
                               request->longest_pair);
    ASSAY_TRY(fit_tokens(request, replayed, plan, &fits, err));
    if (!fits && request->recompute == ASSAY_RECOMPUTE_AUTO && request->backward) ASSAY_TRY(fit_layers(request, plan->micro_tokens, plan, &fits, err));
    if (fits) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_NO_FIT,
                           "this run needs %.0f MiB (%.0f MiB of weights and optimizer, %.0f MiB for a micro-batch of %zu tokens with %d of %d layers replayed), "
                           "the budget is %.0f MiB; give a smaller --max-length or --lora-rank, --tuning lora or head, or more --memory",
                           (double)plan->total_bytes / 1048576, (double)request->fixed_bytes / 1048576, (double)plan->arena_bytes / 1048576, plan->micro_tokens,
                           plan->replayed, request->program->layers, (double)request->budget / 1048576);
}
