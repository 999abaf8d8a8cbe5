/* The search goes from no layer replayed to all of them: more replaying takes more time, so it ends where not even the
 * widest micro-batch could be faster than what is found. It does the same for spilled layers. These are the ways: way w
 * replays w layers, and behind the last of these way layers + w spills w. For each way the slots are written down once,
 * in memory that the next uses again; a lower bound of the arena (the largest sum of living slots) sorts out nearly all
 * micro-batches that cannot fit, and the exact layout decides. */
#include "engine/planner.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "engine/layout.h"

#include <stdlib.h>

enum {
    WIDE_ENOUGH = 2048, /* tokens beyond which matrix products gain nothing */
    OVERHEAD = 24,      /* tokens whose time a micro-batch costs by itself: packing each weight once */
    RUNGS = 8,          /* of the ladder of micro-batches */
    LARGEST = 1 << 22,  /* tokens; where looking for the largest micro-batch stops */
};

typedef struct candidate {
    size_t tokens;
    double time;  /* FLOPs a token, overhead included */
    size_t least; /* bytes; no layout of it takes less in all; SIZE_MAX: overflows, or another is the same */
} candidate;

typedef struct search {
    const assay_plan_request *request;
    assay_scheduler *scheduler;
    int layers;
    assay_schedule outline, before; /* of the present way, and of the one before */
    assay_slot_sizes rungs;         /* of the ladder's micro-batches */
    size_t tokens[RUNGS], counted;  /* those, ascending */
    double *flops; /* per token, for each way looked at; of a way that spills, what that counts for too */
    size_t *least; /* likewise: of the smallest micro-batch, see candidate; SIZE_MAX: not looked at */
    bool stores;   /* see assay_plan */
    assay_error *err;
} search;

static assay_bounds bounds_of(const assay_plan_request *request, size_t micro_tokens)
{
    return (assay_bounds){.rows = {micro_tokens, assay_smaller(request->step_scored, micro_tokens)},
                          .longest_path = request->longest_path};
}

assay_engine_config assay_plan_engine(const assay_plan_request *request, const assay_plan *plan, assay_pool *pool)
{
    return (assay_engine_config){.program = request->program,
                                 .kernels = request->kernels,
                                 .pool = pool,
                                 .stream = request->stream,
                                 .bounds = plan->bounds,
                                 .spill = request->spill,
                                 .flights = plan->flights,
                                 .stores = plan->stores,
                                 .schedule = {.keep = ASSAY_KEEP_NEEDED,
                                              .replayed = plan->replayed,
                                              .spilled = plan->spilled,
                                              .early = plan->early,
                                              .backward = request->backward}};
}

static int replayed_of(const search *s, int way) { return way <= s->layers ? way : 0; }
static int spilled_of(const search *s, int way) { return way <= s->layers ? 0 : way - s->layers; }

static assay_status outline_for(search *s, int way)
{
    const assay_schedule_options options = {.keep = ASSAY_KEEP_NEEDED,
                                            .replayed = replayed_of(s, way),
                                            .spilled = spilled_of(s, way),
                                            .backward = s->request->backward,
                                            .early = s->request->early,
                                            .outline = true};
    ASSAY_TRY(assay_scheduler_make(s->scheduler, &options, &s->outline, s->err));
    s->flops[way] = s->outline.flops / (double)s->request->longest_pair;
    if (options.spilled)
        s->flops[way] +=
            s->request->spill_flops * (double)assay_schedule_spilled(&s->outline, &s->rungs, 0) / (double)s->tokens[0];
    return ASSAY_OK;
}

static double time_of(const search *s, size_t tokens, int way)
{
    return s->flops[way] * (1 + (double)OVERHEAD / (double)tokens);
}

static size_t widest(const assay_plan_request *request)
{
    size_t wide = assay_larger(request->longest_pair, WIDE_ENOUGH),
           useful = assay_larger(request->step_tokens, request->longest_pair);
    return assay_smaller(useful, wide);
}

/* Tokens of rung i: evenly spaced in the logarithm from the longest pair to the widest; *count says how many differ. */
static size_t rung(const assay_plan_request *request, size_t i)
{
    size_t low = request->longest_pair, high = widest(request), tokens = high;
    if (request->micro_tokens) return request->micro_tokens;
    for (size_t k = RUNGS - 1; k > i; k--) tokens = assay_larger(tokens * 4 / 5, low);
    return i == 0 ? low : tokens;
}

static int by_time(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->time < y->time || x->time > y->time) return x->time < y->time ? -1 : 1;
    return x->tokens < y->tokens ? -1 : x->tokens > y->tokens;
}

static assay_layout_subject subject_of(const assay_plan_request *request)
{
    return (assay_layout_subject){.program = request->program,
                                  .stream = request->stream,
                                  .workers = request->workers,
                                  .backward = request->backward,
                                  .early = request->early};
}

static assay_status size_rungs(search *s)
{
    assay_bounds bounds[RUNGS];
    const assay_layout_subject subject = subject_of(s->request);
    for (size_t i = 0; i < RUNGS; i++) {
        size_t tokens = rung(s->request, i);
        if (s->counted && tokens == s->tokens[s->counted - 1]) continue;
        bounds[s->counted] = bounds_of(s->request, tokens);
        s->tokens[s->counted++] = tokens;
    }
    return assay_slot_sizes_create(&s->rungs, &subject, bounds, s->counted, s->err);
}

/* Slots of all micro-batches in flight, of so many bytes for one; SIZE_MAX: they overflow. */
static size_t all_flights(const search *s, const assay_bounds *bounds, size_t slots)
{
    const assay_engine_config config = {
        .program = s->request->program, .bounds = *bounds, .flights = s->request->flights, .stores = s->stores};
    size_t bytes;
    return assay_engine_slot_bytes(&config, slots, &bytes) ? bytes : SIZE_MAX;
}

/* What is needed besides the slots. */
static size_t besides(const search *s)
{
    size_t bytes;
    bool sums = assay_add_size(s->request->fixed_bytes,
                               assay_engine_scratch_bytes(s->request->program, s->request->workers), &bytes);
    return sums ? bytes : SIZE_MAX;
}

/* One for each micro-batch, in order of time. */
static assay_status list_candidates(search *s, int way, candidate *list)
{
    size_t least[ASSAY_SIZE_LANES];
    ASSAY_TRY(assay_schedule_lower_bounds(&s->outline, &s->rungs, least, s->err));
    for (size_t i = 0; i < s->counted; i++) {
        const assay_bounds bounds = bounds_of(s->request, s->tokens[i]);
        list[i] = (candidate){.tokens = s->tokens[i], .time = time_of(s, s->tokens[i], way)};
        if (!assay_add_size(all_flights(s, &bounds, least[i]), besides(s), &list[i].least)) list[i].least = SIZE_MAX;
    }
    s->least[way] = s->counted ? list[0].least : SIZE_MAX;
    qsort(list, s->counted, sizeof *list, by_time);
    return ASSAY_OK;
}

/* What was dropped of a micro-batch in flight is computed again on its way back. */
static void add_forward_again(const search *s, size_t tokens, assay_plan *plan)
{
    plan->flops += plan->forward_flops;
    if (plan->streamed)
        plan->read_bytes += s->outline.forward_read + assay_stream_rows_read(s->request->stream, tokens);
}

/* Lays one choice out exactly. */
static assay_status lay_out(search *s, size_t tokens, int way, assay_plan *plan)
{
    const assay_plan_request *request = s->request;
    const assay_layout_subject subject = subject_of(request);
    assay_slot_sizes sizes;
    size_t slots;
    *plan = (assay_plan){.micro_tokens = tokens,
                         .replayed = replayed_of(s, way),
                         .spilled = spilled_of(s, way),
                         .early = request->early,
                         .bounds = bounds_of(request, tokens)};
    ASSAY_TRY(outline_for(s, way));
    ASSAY_TRY(assay_slot_sizes_create(&sizes, &subject, &plan->bounds, 1, s->err));
    assay_status status = assay_schedule_layout(&s->outline, &sizes, 0, &slots, s->err);
    plan->spill_bytes = assay_schedule_spilled(&s->outline, &sizes, 0);
    assay_slot_sizes_free(&sizes);
    ASSAY_TRY(status);
    plan->scratch_bytes = assay_engine_scratch_bytes(request->program, request->workers);
    plan->flights = request->flights;
    plan->stores = s->stores;
    if (!assay_add_size(all_flights(s, &plan->bounds, slots), plan->scratch_bytes, &plan->arena_bytes) ||
        !assay_add_size(plan->arena_bytes, request->fixed_bytes, &plan->total_bytes))
        return assay_error_set(s->err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
    plan->streamed = request->stream != NULL;
    if (plan->streamed) plan->read_bytes = s->outline.read + assay_stream_rows_read(request->stream, tokens);
    plan->flops = s->outline.flops;
    plan->forward_flops = s->outline.forward_flops;
    if (s->stores) add_forward_again(s, tokens, plan);
    plan->overhead = s->flops[replayed_of(s, way)] / s->flops[0] - 1;
    plan->time = time_of(s, tokens, way);
    plan->relative_time = time_of(s, tokens, way) / time_of(s, widest(request), 0);
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

/* Takes the fastest micro-batch that fits the outline's way, if it is faster than *plan. */
static assay_status try_outline(search *s, int way, assay_plan *plan, bool *found)
{
    candidate list[RUNGS];
    ASSAY_TRY(list_candidates(s, way, list));
    for (size_t i = 0; i < s->counted; i++) {
        assay_plan better;
        bool faster =
            !*found || list[i].time < plan->time || (list[i].time <= plan->time && list[i].tokens < plan->micro_tokens);
        if (!faster) break;
        if (list[i].least == SIZE_MAX || list[i].least > s->request->budget) continue;
        ASSAY_TRY(lay_out(s, list[i].tokens, way, &better));
        if (better.total_bytes > s->request->budget) continue;
        *plan = better;
        *found = true;
        break;
    }
    return ASSAY_OK;
}

/* More layers replayed never make a value needless nor keep one that was dropped, so FLOPs only grow, and so do bytes
 * with the layers that are spilled: the search may end. Where one layer more changes nothing (nothing of it is
 * differentiated), there is nothing to try. */
static assay_status find_fastest(search *s, int from, int to, assay_plan *plan, bool *found)
{
    for (int way = from; way <= to; way++) {
        assay_schedule spare = s->before;
        s->before = s->outline;
        s->outline = spare;
        ASSAY_TRY(outline_for(s, way));
        if (*found && time_of(s, s->tokens[s->counted - 1], way) >= plan->time) break;
        if (way > from && assay_schedule_same_slots(&s->outline, &s->before)) continue;
        ASSAY_TRY(try_outline(s, way, plan, found));
    }
    return ASSAY_OK;
}

/* A schedule that keeps the weights is the same without loads, and at no moment more than two layers of them were there
 * and the rows. Call before find_smallest, which takes the bounds as it goes. */
static size_t least_kept(const search *s, int ways)
{
    size_t least = SIZE_MAX, loaded = assay_slot_sizes_weights(&s->rungs, 0), bytes;
    for (int w = 0; w < ways; w++) least = assay_smaller(least, s->least[w]);
    if (!s->request->stream || least < loaded) return 0;
    return assay_add_size(least - loaded, s->request->stream->bytes, &bytes) ? bytes : SIZE_MAX;
}

/* The smallest plan there is, the fastest of several: until no other could be smaller. */
static assay_status find_smallest(search *s, int ways, assay_plan *smallest)
{
    int taken = 0;
    *smallest = (assay_plan){.total_bytes = SIZE_MAX};
    for (;;) {
        int best = 0;
        assay_plan plan;
        for (int w = 0; w < ways; w++) best = s->least[w] < s->least[best] ? w : best;
        size_t least = s->least[best];
        if (least > smallest->total_bytes || (least == smallest->total_bytes && best >= taken)) return ASSAY_OK;
        s->least[best] = SIZE_MAX;
        ASSAY_TRY(lay_out(s, s->tokens[0], best, &plan));
        bool smaller_yet =
            plan.total_bytes < smallest->total_bytes || (plan.total_bytes == smallest->total_bytes && best < taken);
        if (smaller_yet) *smallest = plan;
        if (smaller_yet) taken = best;
    }
}

static int layers_of(const assay_plan_request *request) { return request->backward ? request->program->layers : 0; }

static int ways_of(const assay_plan_request *request) { return (request->spill ? 2 : 1) * layers_of(request) + 1; }

/* The fastest that fits; else the smallest there is. */
static assay_status choose_one_way(search *s, assay_plan *plan)
{
    const assay_plan_request *request = s->request;
    int layers = s->layers, ways = ways_of(request);
    int from = request->recompute == ASSAY_RECOMPUTE_ALL ? layers : 0,
        to = request->recompute == ASSAY_RECOMPUTE_OFF ? 0 : layers;
    bool found = false;
    ASSAY_TRY(size_rungs(s));
    for (int w = 0; w < ways; w++) s->least[w] = SIZE_MAX;
    ASSAY_TRY(find_fastest(s, from, to, plan, &found));
    ASSAY_TRY(find_fastest(s, layers + 1, ways - 1, plan, &found));
    if (found) return ASSAY_OK;
    size_t kept = least_kept(s, ways);
    ASSAY_TRY(find_smallest(s, ways, plan));
    plan->least_kept = kept;
    return no_fit(s, plan);
}

/* Computing micro-batches in flight again costs as much as replaying all layers, so it is taken where nothing else
 * fits. */
static assay_status choose(search *s, assay_plan *plan)
{
    assay_status status = choose_one_way(s, plan);
    if (status != ASSAY_E_NO_FIT || s->request->flights < 2) return status;
    s->stores = true;
    s->counted = 0;
    assay_slot_sizes_free(&s->rungs);
    return choose_one_way(s, plan);
}

assay_step_work assay_plan_work(const assay_plan_request *request)
{
    return (assay_step_work){.rows = {(double)request->longest_pair, 2}, .context = (double)request->longest_path / 2};
}

static assay_status search_open(search *s, const assay_plan_request *request, assay_error *err)
{
    size_t ways = (size_t)ways_of(request);
    const assay_step_work work = assay_plan_work(request);
    *s = (search){.request = request,
                  .layers = layers_of(request),
                  .err = err,
                  .flops = assay_alloc(ways, sizeof(double)),
                  .least = assay_alloc(ways, sizeof(size_t))};
    if (!s->flops || !s->least) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a plan");
    ASSAY_TRY(assay_scheduler_create(&s->scheduler, request->program, request->stream, &work, err));
    return outline_for(s, 0);
}

static void search_close(search *s)
{
    assay_scheduler_free(s->scheduler);
    assay_schedule_clear(&s->outline);
    assay_schedule_clear(&s->before);
    assay_slot_sizes_free(&s->rungs);
    assay_free(s->flops);
    assay_free(s->least);
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
    if (status == ASSAY_OK) status = choose(&s, plan);
    search_close(&s);
    return status;
}

static assay_status certainly_too_large(search *s, size_t tokens, bool *too_large)
{
    const assay_layout_subject subject = subject_of(s->request);
    assay_bounds bounds = bounds_of(s->request, tokens);
    assay_slot_sizes sizes;
    size_t least[ASSAY_SIZE_LANES], bytes;
    ASSAY_TRY(assay_slot_sizes_create(&sizes, &subject, &bounds, 1, s->err));
    assay_status status = assay_schedule_lower_bounds(&s->outline, &sizes, least, s->err);
    assay_slot_sizes_free(&sizes);
    ASSAY_TRY(status);
    *too_large = !assay_add_size(all_flights(s, &bounds, least[0]), besides(s), &bytes) || bytes > s->request->budget;
    return ASSAY_OK;
}

/* Memory is all but linear in tokens: doubling, then halving the gap to one part in 64. */
static assay_status find_largest(search *s, int replayed, size_t *micro_tokens)
{
    size_t low = 0, high = s->request->longest_pair;
    ASSAY_TRY(outline_for(s, replayed));
    while (high <= LARGEST) {
        bool too_large;
        ASSAY_TRY(certainly_too_large(s, high, &too_large));
        if (too_large) break;
        low = high;
        high *= 2;
    }
    while (low && high - low > low / 64 + 1) {
        size_t middle = low + (high - low) / 2;
        bool too_large;
        ASSAY_TRY(certainly_too_large(s, middle, &too_large));
        if (too_large) high = middle;
        else low = middle;
    }
    for (assay_plan plan; low;
         low = low > s->request->longest_pair ? assay_larger(low - low / 64 - 1, s->request->longest_pair) : 0) {
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

assay_status assay_plan_at(const assay_plan_request *request, int replayed, int spilled, assay_plan *plan,
                           assay_error *err)
{
    search s;
    assay_status status = search_open(&s, request, err);
    if (status == ASSAY_OK) status = size_rungs(&s);
    if (status == ASSAY_OK) status = lay_out(&s, s.tokens[0], spilled ? s.layers + spilled : replayed, plan);
    search_close(&s);
    return status;
}
