/* The search: candidates in order of time; for each a lower bound of the arena (the largest sum of living slots) sorts
 * out nearly all that cannot fit, and the exact layout decides. The first that fits is the plan. Schedules are made
 * once per number of replayed layers. */
#include "engine/planner.h"

#include "base/alloc.h"

#include <stdlib.h>

enum {
    WIDE_ENOUGH = 2048, /* tokens beyond which matrix products gain nothing */
    OVERHEAD = 24,      /* tokens whose time a micro-batch costs by itself: packing each weight once */
    RUNGS = 8,          /* of the ladder of micro-batches */
    LARGEST = 1 << 22,  /* tokens; where looking for the largest micro-batch stops */
};

typedef struct candidate {
    size_t tokens;
    int replayed;
    double time; /* FLOPs a token, overhead included */
} candidate;

typedef struct search {
    const assay_plan_request *request;
    assay_schedule **schedules; /* one for each number of replayed layers, made when first asked for */
    double *flops;              /* per token, likewise */
    candidate *candidates;
    size_t count;
    assay_error *err;
} search;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static assay_bounds bounds_of(const assay_plan_request *request, size_t micro_tokens)
{
    return (assay_bounds){.rows = {micro_tokens, smaller(request->step_scored, micro_tokens)},
                          .longest_path = request->longest_path};
}

assay_engine_config assay_plan_engine(const assay_plan_request *request, const assay_plan *plan, assay_pool *pool)
{
    return (assay_engine_config){
        .program = request->program,
        .kernels = request->kernels,
        .pool = pool,
        .bounds = plan->bounds,
        .schedule = {.keep = ASSAY_KEEP_NEEDED, .replayed = plan->replayed, .backward = request->backward}};
}

/* Row counts of a typical micro-batch: pairs of the longest kind, two scored rows each. */
static double flops_per_token(const assay_plan_request *request, const assay_schedule *schedule)
{
    double rows[ASSAY_SPACES] = {(double)request->longest_pair, 2};
    return assay_schedule_flops(schedule, request->program, rows, (double)request->longest_path / 2) /
           (double)request->longest_pair;
}

static assay_status schedule_for(search *s, int replayed, assay_schedule **schedule)
{
    assay_schedule_options options = {
        .keep = ASSAY_KEEP_NEEDED, .replayed = replayed, .backward = s->request->backward};
    if (!s->schedules[replayed]) {
        ASSAY_TRY(assay_schedule_create(&s->schedules[replayed], s->request->program, &options, s->err));
        s->flops[replayed] = flops_per_token(s->request, s->schedules[replayed]);
    }
    *schedule = s->schedules[replayed];
    return ASSAY_OK;
}

static double time_of(const search *s, size_t tokens, int replayed)
{
    return s->flops[replayed] * (1 + (double)OVERHEAD / (double)tokens);
}

static size_t widest(const assay_plan_request *request)
{
    size_t wide = larger(request->longest_pair, WIDE_ENOUGH),
           useful = larger(request->step_tokens, request->longest_pair);
    return smaller(useful, wide);
}

/* Tokens of rung i: evenly spaced in the logarithm from the longest pair to the widest; *count says how many differ. */
static size_t rung(const assay_plan_request *request, size_t i)
{
    size_t low = request->longest_pair, high = widest(request), tokens = high;
    if (request->micro_tokens) return request->micro_tokens;
    for (size_t k = RUNGS - 1; k > i; k--) tokens = larger(tokens * 4 / 5, low);
    return i == 0 ? low : tokens;
}

static int by_time(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->time < y->time || x->time > y->time) return x->time < y->time ? -1 : 1;
    return x->tokens < y->tokens ? -1 : x->tokens > y->tokens;
}

static assay_status list_candidates(search *s)
{
    const assay_plan_request *request = s->request;
    int layers = request->backward ? request->program->layers : 0;
    int from = request->recompute == ASSAY_RECOMPUTE_ALL ? layers : 0,
        to = request->recompute == ASSAY_RECOMPUTE_OFF ? 0 : layers;
    assay_schedule *schedule;
    for (int replayed = from; replayed <= to; replayed++) {
        size_t before = 0;
        ASSAY_TRY(schedule_for(s, replayed, &schedule));
        for (size_t i = 0; i < RUNGS; i++) {
            size_t tokens = rung(request, i);
            if (tokens == before) continue;
            s->candidates[s->count++] = (candidate){tokens, replayed, time_of(s, tokens, replayed)};
            before = tokens;
        }
    }
    qsort(s->candidates, s->count, sizeof *s->candidates, by_time);
    return ASSAY_OK;
}

/* Lays one choice out exactly. */
static assay_status lay_out(search *s, size_t tokens, int replayed, assay_plan *plan)
{
    const assay_plan_request *request = s->request;
    assay_schedule *schedule, *first;
    size_t slots;
    ASSAY_TRY(schedule_for(s, 0, &first));
    ASSAY_TRY(schedule_for(s, replayed, &schedule));
    *plan = (assay_plan){.micro_tokens = tokens, .replayed = replayed, .bounds = bounds_of(request, tokens)};
    ASSAY_TRY(assay_schedule_layout(schedule, request->program, &plan->bounds, request->workers, &slots, s->err));
    plan->scratch_bytes = assay_engine_scratch_bytes(request->program, request->workers);
    if (!assay_add_size(slots, plan->scratch_bytes, &plan->arena_bytes) ||
        !assay_add_size(plan->arena_bytes, request->fixed_bytes, &plan->total_bytes))
        return assay_error_set(s->err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
    plan->overhead = s->flops[replayed] / s->flops[0] - 1;
    plan->time = time_of(s, tokens, replayed);
    plan->relative_time = time_of(s, tokens, replayed) / time_of(s, widest(request), 0);
    return ASSAY_OK;
}

/* No layout of the candidate takes less; SIZE_MAX: overflows. */
static assay_status least_bytes(search *s, const candidate *c, size_t *least)
{
    assay_bounds bounds = bounds_of(s->request, c->tokens);
    assay_schedule *schedule;
    size_t fixed;
    ASSAY_TRY(schedule_for(s, c->replayed, &schedule));
    ASSAY_TRY(assay_schedule_lower_bound(schedule, s->request->program, &bounds, s->request->workers, least, s->err));
    bool sums = assay_add_size(s->request->fixed_bytes,
                               assay_engine_scratch_bytes(s->request->program, s->request->workers), &fixed) &&
                assay_add_size(*least, fixed, least);
    if (!sums) *least = SIZE_MAX;
    return ASSAY_OK;
}

static assay_status certainly_too_large(search *s, const candidate *c, bool *too_large)
{
    size_t least;
    ASSAY_TRY(least_bytes(s, c, &least));
    *too_large = least == SIZE_MAX || least > s->request->budget;
    return ASSAY_OK;
}

static assay_status no_fit(const search *s, const assay_plan *plan)
{
    return assay_error_set(s->err, ASSAY_E_NO_FIT,
                           "this run needs %.1f MiB (%.1f MiB of weights, gradients and optimizer, %.1f MiB for a "
                           "micro-batch of %zu tokens with %d of %d layers replayed), "
                           "the budget is %.1f MiB",
                           (double)plan->total_bytes / 1048576, (double)s->request->fixed_bytes / 1048576,
                           (double)plan->arena_bytes / 1048576, plan->micro_tokens, plan->replayed,
                           s->request->program->layers, (double)s->request->budget / 1048576);
}

/* The first candidate that fits; else the smallest there is. */
static assay_status choose(search *s, assay_plan *plan)
{
    assay_plan smallest = {.total_bytes = SIZE_MAX};
    for (size_t i = 0; i < s->count; i++) {
        bool too_large;
        ASSAY_TRY(certainly_too_large(s, &s->candidates[i], &too_large));
        if (too_large) continue;
        ASSAY_TRY(lay_out(s, s->candidates[i].tokens, s->candidates[i].replayed, plan));
        if (plan->total_bytes <= s->request->budget) return ASSAY_OK;
    }
    for (size_t i = 0; i < s->count; i++) {
        size_t least;
        if (s->candidates[i].tokens != rung(s->request, 0)) continue;
        ASSAY_TRY(least_bytes(s, &s->candidates[i], &least));
        if (least >= smallest.total_bytes) continue;
        ASSAY_TRY(lay_out(s, s->candidates[i].tokens, s->candidates[i].replayed, plan));
        if (plan->total_bytes < smallest.total_bytes) smallest = *plan;
    }
    *plan = smallest;
    return no_fit(s, plan);
}

static assay_status search_open(search *s, const assay_plan_request *request, assay_error *err)
{
    size_t counts = (size_t)request->program->layers + 1;
    *s = (search){.request = request,
                  .err = err,
                  .schedules = assay_alloc(counts, sizeof(assay_schedule *)),
                  .flops = assay_alloc(counts, sizeof(double)),
                  .candidates = assay_alloc(counts * RUNGS, sizeof(candidate))};
    return s->schedules && s->flops && s->candidates ? ASSAY_OK
                                                     : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a plan");
}

static void search_close(search *s)
{
    for (int i = 0; s->schedules && i <= s->request->program->layers; i++) assay_schedule_free(s->schedules[i]);
    assay_free(s->schedules);
    assay_free(s->flops);
    assay_free(s->candidates);
}

assay_status assay_plan_make(const assay_plan_request *request, assay_plan *plan, assay_error *err)
{
    search s;
    if (request->micro_tokens && request->micro_tokens < request->longest_pair)
        return assay_error_set(
            err, ASSAY_E_NO_FIT,
            "--micro-tokens %zu is less than the longest pair, which has %zu tokens and is never split",
            request->micro_tokens, request->longest_pair);
    assay_status status = search_open(&s, request, err);
    if (status == ASSAY_OK) status = list_candidates(&s);
    if (status == ASSAY_OK) status = choose(&s, plan);
    search_close(&s);
    return status;
}

/* Memory is all but linear in tokens: doubling, then halving the gap to one part in 64. */
static assay_status find_largest(search *s, int replayed, size_t *micro_tokens)
{
    size_t low = 0, high = s->request->longest_pair;
    while (high <= LARGEST) {
        bool too_large;
        ASSAY_TRY(certainly_too_large(s, &(candidate){.tokens = high, .replayed = replayed}, &too_large));
        if (too_large) break;
        low = high;
        high *= 2;
    }
    while (low && high - low > low / 64 + 1) {
        size_t middle = low + (high - low) / 2;
        bool too_large;
        ASSAY_TRY(certainly_too_large(s, &(candidate){.tokens = middle, .replayed = replayed}, &too_large));
        if (too_large) high = middle;
        else low = middle;
    }
    for (assay_plan plan; low;
         low = low > s->request->longest_pair ? larger(low - low / 64 - 1, s->request->longest_pair) : 0) {
        ASSAY_TRY(lay_out(s, low, replayed, &plan));
        if (plan.total_bytes <= s->request->budget) break;
    }
    *micro_tokens = low;
    return ASSAY_OK;
}

assay_status assay_plan_largest(const assay_plan_request *request, int replayed, size_t *micro_tokens, assay_error *err)
{
    search s;
    assay_status status = search_open(&s, request, err);
    if (status == ASSAY_OK) status = find_largest(&s, replayed, micro_tokens);
    search_close(&s);
    return status;
}
