/* Bytes are counted message by message (task/step_traffic.h), a row's passes are dated one by one (task/row_time.h);
 * what all processes exchange behind them is a formula. Passes and exchange do not overlap. */
#include "task/process_forecast.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sizes.h"
#include "task/arithmetic_speed.h"
#include "task/row_time.h"
#include "train/lanes.h"
#include "train/shares.h"

#include <math.h>
#include <xxhash.h>

enum { TRIAL = 1 << 20 };

static const double link_speeds[ASSAY_FORECAST_LINKS] = {1, 10}, latency = 50e-6; /* Gbit/s; seconds a message */

/* Seconds a byte of hashing, and of adding numbers to numbers. */
typedef struct byte_costs {
    double hashing, adding;
} byte_costs;

static int levels_of(int processes)
{
    int levels = 0;
    while (1 << levels < processes) levels++;
    return levels;
}

static assay_status measure_bytes(byte_costs *costs, assay_error *err)
{
    float *a = assay_alloc(2 * (size_t)TRIAL, sizeof *a);
    ASSAY_TRY_ALLOC(a, "a sum", err);
    uint64_t hash = XXH3_64bits(a, 2 * TRIAL * sizeof *a); /* touches it once */
    double start = assay_clock_seconds();
    hash ^= XXH3_64bits(a, TRIAL * sizeof *a);
    double hashed = assay_clock_seconds();
    for (size_t i = 0; i < TRIAL; i++) a[i] += a[TRIAL + i] + (float)(hash & 1);
    double added = assay_clock_seconds();
    *costs = (byte_costs){(hashed - start) / (TRIAL * sizeof *a), (added - hashed) / (TRIAL * sizeof *a)};
    assay_free(a);
    return ASSAY_OK;
}

/* Of the row that takes longest. */
static size_t most_pairs(size_t pairs, size_t lanes, size_t groups)
{
    size_t most = 0, each = lanes / groups;
    for (size_t g = 0; g < groups; g++)
        most = assay_larger(most,
                            assay_lane_begin((g + 1) * each, lanes, pairs) - assay_lane_begin(g * each, lanes, pairs));
    return most;
}

/* Of a pair as it is on average; without data all are as long as the longest. */
static double mean_tokens(const assay_training *t)
{
    return t->examples.count ? assay_example_set_mean_tokens(&t->examples) : (double)t->planning.longest_pair;
}

/* A stage's plan, of so many tokens: FLOPs forward, and back with what is computed again there. */
static double flops_of(const assay_planning *p, double tokens, bool back)
{
    const assay_plan *plan = &p->plan;
    double longest = (double)p->longest_pair, flops = back ? plan->flops - plan->forward_flops : plan->forward_flops;
    return longest > 0 ? flops * tokens / longest : 0;
}

/* In one process nothing is dropped of a micro-batch that waits. */
static double flops_in_one(const assay_planning *p, double tokens)
{
    double twice = p->plan.stores ? flops_of(p, tokens, false) : 0;
    return flops_of(p, tokens, false) + flops_of(p, tokens, true) - twice;
}

static void forecast_stages(assay_process_forecast *f, const assay_training *t)
{
    double most = mean_tokens(t) * (double)f->most_pairs, all = mean_tokens(t) * (double)f->traffic.pairs;
    for (int s = 0; s < f->traffic.stages; s++) {
        const assay_planning *p = assay_training_stage(t, s);
        f->stages[s] =
            (assay_stage_forecast){.up_bytes = assay_step_up_bytes(t, s, &f->traffic.rows[0]),
                                   .down_bytes = assay_step_down_bytes(t, s, &f->traffic.rows[0]),
                                   .compute_seconds = (flops_of(p, most, false) + flops_of(p, most, true)) / f->speed};
        f->compute_seconds += flops_in_one(p, all) / f->speed;
    }
}

/* Passes of the row with most pairs, whose micro-batches are all alike. */
static assay_status forecast_row(assay_process_forecast *f, const assay_training *t, const assay_row_link *link,
                                 double *seconds, assay_error *err)
{
    int stages = f->traffic.stages;
    double tokens = mean_tokens(t) * (double)f->most_pairs / f->micro_batches;
    const assay_step_row one = {.tokens = tokens, .micro_batches = 1};
    assay_row_stage *row = assay_alloc((size_t)stages, sizeof *row);
    ASSAY_TRY_ALLOC(row, "a row of stages", err);
    for (int s = 0; s < stages; s++) {
        const assay_planning *p = assay_training_stage(t, s);
        row[s] = (assay_row_stage){.forward = flops_of(p, tokens, false) / f->speed,
                                   .backward = flops_of(p, tokens, true) / f->speed,
                                   .up_bytes = assay_step_up_bytes(t, s, &one),
                                   .down_bytes = assay_step_down_bytes(t, s, &one),
                                   .ahead = p->plan.flights > 1 ? p->plan.flights : 1};
    }
    assay_status status = assay_row_seconds(row, stages, f->micro_batches, link, seconds, err);
    assay_free(row);
    return status;
}

/* Up the tree a sum is hashed, sent, hashed and added at every level; down it is hashed, sent and hashed. */
static double sum_seconds(const assay_process_forecast *f, double bytes, const byte_costs *costs, double a_byte)
{
    double levels = levels_of(f->traffic.groups);
    return levels * bytes * (2 * a_byte + 4 * costs->hashing + costs->adding) + 2 * levels * latency;
}

/* In slices a process sends what it receives at the same time, all but its own slice: of the gradients, which are
 * added, and of the weights; of the squares it is next to nothing. */
static double slice_seconds(const assay_process_forecast *f, double bytes, const byte_costs *costs, double a_byte)
{
    double others = 1 - 1.0 / f->traffic.groups, each = a_byte + 2 * costs->hashing;
    return others * (bytes * (each + costs->adding) + f->traffic.spread_bytes * each) +
           3 * levels_of(f->traffic.groups) * latency;
}

static double exchange_seconds(const assay_process_forecast *f, const assay_training *t, const byte_costs *costs,
                               double a_byte)
{
    int stages = f->traffic.stages;
    double all = levels_of(f->traffic.processes), most = 0;
    double words = (ASSAY_STEP_WORDS + 1) * (f->traffic.processes - 1 + all),
           norm = stages > 1 ? stages + levels_of(stages) : 0;
    for (int s = 0; s < stages; s++)
        most = fmax(most, (double)assay_training_stage(t, s)->size.trained * sizeof(float));
    return (words + norm) * latency +
           (f->traffic.spread_bytes > 0 ? slice_seconds(f, most, costs, a_byte) : sum_seconds(f, most, costs, a_byte));
}

static assay_status forecast_link(assay_process_forecast *f, int link, const assay_training *t, const byte_costs *costs,
                                  assay_error *err)
{
    double a_byte = 8 / (link_speeds[link] * 1e9), busy = 0, row;
    const assay_row_link wire = {.a_byte = a_byte, .latency = latency, .hashing = costs->hashing};
    ASSAY_TRY(forecast_row(f, t, &wire, &row, err));
    for (int s = 0; s < f->traffic.stages; s++) busy += f->stages[s].compute_seconds / f->traffic.stages;
    f->links[link].gigabits = link_speeds[link];
    f->links[link].exchange_seconds = exchange_seconds(f, t, costs, a_byte);
    f->links[link].row_seconds = row;
    f->links[link].waiting = row > 0 ? fmax(0, 1 - busy / row) : 0;
    double step = f->links[link].step_seconds = row + f->links[link].exchange_seconds;
    f->links[link].efficiency = step > 0 ? f->compute_seconds / (f->traffic.processes * step) : (double)NAN;
    return ASSAY_OK;
}

static void sum_up(assay_process_forecast *f)
{
    const assay_step_traffic *t = &f->traffic;
    int last = t->processes - 1;
    double all = 0;
    for (int r = 0; r < t->processes; r++) all += t->sent[r];
    for (int g = 0; g < t->groups; g++) f->micro_batches = fmax(f->micro_batches, ceil(t->rows[g].micro_batches));
    f->first_bytes = (uint64_t)llround(t->sent[0] + t->received[0]);
    f->edge_bytes = (uint64_t)llround(t->sent[last] + t->received[last]);
    f->all_bytes = (uint64_t)llround(all);
}

static assay_status make(assay_process_forecast *f, const assay_training *t, assay_error *err)
{
    byte_costs costs = {0};
    f->most_pairs = most_pairs(f->traffic.pairs, f->lanes, (size_t)f->traffic.groups);
    f->stages = assay_alloc((size_t)f->traffic.stages, sizeof *f->stages);
    ASSAY_TRY_ALLOC(f->stages, "a row of stages", err);
    sum_up(f);
    ASSAY_TRY(assay_arithmetic_speed(t->kernels, t->pool, t->wanted.bf16, &f->speed, err));
    ASSAY_TRY(measure_bytes(&costs, err));
    forecast_stages(f, t);
    for (int i = 0; i < ASSAY_FORECAST_LINKS; i++) ASSAY_TRY(forecast_link(f, i, t, &costs, err));
    return ASSAY_OK;
}

bool assay_process_forecast_is_wanted(const assay_options *options)
{
    return options->processes > 0 || options->stages > 1;
}

assay_status assay_process_forecast_make(assay_process_forecast *out, const assay_training *t, assay_error *err)
{
    *out = (assay_process_forecast){.lanes = t->settings.lanes};
    ASSAY_TRY(assay_shares_check((size_t)t->staging.groups, (size_t)t->staging.stages, out->lanes, err));
    ASSAY_TRY(assay_step_traffic_make(&out->traffic, t, err));
    assay_status status = make(out, t, err);
    if (status != ASSAY_OK) assay_process_forecast_release(out);
    return status;
}

void assay_process_forecast_release(assay_process_forecast *f)
{
    assay_step_traffic_release(&f->traffic);
    assay_free(f->stages);
    *f = (assay_process_forecast){0};
}

static json_t *numbers(const double *values, int count)
{
    json_t *list = json_array();
    for (int i = 0; list && i < count; i++) json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *processes_json(const assay_process_forecast *f)
{
    json_t *links = json_array();
    for (int i = 0; links && i < ASSAY_FORECAST_LINKS; i++)
        json_array_append_new(links,
                              json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "gigabits_per_second", f->links[i].gigabits,
                                        "exchange_seconds", f->links[i].exchange_seconds, "row_seconds",
                                        f->links[i].row_seconds, "waiting", f->links[i].waiting, "step_seconds",
                                        f->links[i].step_seconds, "efficiency", f->links[i].efficiency));
    return json_pack("{s:i, s:i, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:o, s:o, s:f, s:f, s:o}", "count",
                     f->traffic.processes, "stages", f->traffic.stages, "lanes", (json_int_t)f->lanes, "pairs",
                     (json_int_t)f->traffic.pairs, "most_pairs", (json_int_t)f->most_pairs, "micro_batches",
                     f->micro_batches, "first_bytes", (json_int_t)f->first_bytes, "edge_bytes",
                     (json_int_t)f->edge_bytes, "all_bytes", (json_int_t)f->all_bytes, "sent_bytes",
                     numbers(f->traffic.sent, f->traffic.processes), "received_bytes",
                     numbers(f->traffic.received, f->traffic.processes), "flops_per_second", f->speed,
                     "compute_seconds", f->compute_seconds, "links", links);
}

/* The lowest layers of the whole program are replayed: of a slice those that it has. */
static int replayed_of(const assay_planning *p, int first, int end)
{
    int upto = p->plan.replayed < end ? p->plan.replayed : end;
    return upto > first ? upto - first : 0;
}

/* A stage's plan; other ways to run are those of the whole run. */
static json_t *stage_json(const assay_process_forecast *f, const assay_training *t, int s)
{
    static const char *const of_the_run[] = {"largest_without_recompute", "largest_with_recompute", "suggestions"};
    const assay_planning *p = assay_training_stage(t, s);
    int first = t->staging.borders[s], end = t->staging.borders[s + 1];
    json_t *json = assay_planning_json(p);
    json_t *more = json_pack("{s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:i, s:b, s:f, s:f, s:f}", "first_layer", first + 1,
                             "last_layer", end, "layers", end - first, "layers_replayed", replayed_of(p, first, end),
                             "parameters", (json_int_t)p->weights, "trained", (json_int_t)p->size.trained,
                             "arena_bytes", (json_int_t)p->plan.arena_bytes, "flights", p->plan.flights,
                             "computed_twice", p->plan.stores, "up_bytes", f->stages[s].up_bytes, "down_bytes",
                             f->stages[s].down_bytes, "compute_seconds", f->stages[s].compute_seconds);
    bool whole = json && more && json_object_update(json, more) == 0;
    for (size_t i = 0; whole && i < sizeof of_the_run / sizeof *of_the_run; i++) json_object_del(json, of_the_run[i]);
    json_decref(more);
    if (whole) return json;
    json_decref(json);
    return NULL;
}

static json_t *stages_json(const assay_process_forecast *f, const assay_training *t)
{
    json_t *list = json_array();
    for (int s = 0; list && s < f->traffic.stages; s++) {
        json_t *stage = stage_json(f, t, s);
        if (stage && json_array_append_new(list, stage) == 0) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

json_t *assay_process_forecast_json(const assay_process_forecast *f, const assay_training *t)
{
    json_t *json = assay_planning_json(&t->planning);
    bool whole = json && (!f || json_object_set_new(json, "processes", processes_json(f)) == 0);
    if (whole && f && t->of_stages) whole = json_object_set_new(json, "stages", stages_json(f, t)) == 0;
    if (whole) return json;
    json_decref(json);
    return NULL;
}
