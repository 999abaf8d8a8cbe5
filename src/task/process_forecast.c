/* The exchanges of a step are those of train/trainer.c and train/run.c: one share of the rewards, the sum of the
 * gradients up a binomial tree and down again (where moments are in slices: sums of slices, and the weights;
 * task/slice_forecast.h), and three words that every process sends to the first and gets back with
 * everybody's. A message is its bytes behind a head of 16 (comm/message.c). */
#include "task/process_forecast.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sizes.h"
#include "task/arithmetic_speed.h"
#include "task/slice_forecast.h"
#include "train/lanes.h"
#include "train/shares.h"

#include <math.h>
#include <xxhash.h>

enum { HEAD = 16, WORDS = 3, TRIAL = 1 << 20 };

static const double link_speeds[ASSAY_FORECAST_LINKS] = {1, 10}, latency = 50e-6; /* Gbit/s; seconds a message */

static int levels_of(int processes)
{
    int levels = 0;
    while (1 << levels < processes) levels++;
    return levels;
}

/* A share of `bytes` (comm/comm.h): parts to the first process, the whole down the tree. */
static void count_share(assay_process_forecast *f, double bytes)
{
    int others = f->processes - 1, levels = levels_of(f->processes);
    double part = bytes / f->processes + HEAD, whole = bytes + HEAD;
    f->first_bytes += (uint64_t)(others * part + levels * whole);
    f->edge_bytes += (uint64_t)(part + whole);
    f->all_bytes += (uint64_t)(others * (part + whole));
}

static void count_sum(assay_process_forecast *f, double bytes)
{
    int others = f->processes - 1, levels = levels_of(f->processes);
    double message = bytes + HEAD;
    f->first_bytes += (uint64_t)(2 * levels * message);
    f->edge_bytes += (uint64_t)(2 * message);
    f->all_bytes += (uint64_t)(2 * others * message);
}

static void count_slices(assay_process_forecast *f, const assay_slice_forecast *slices)
{
    uint64_t heads = slices->messages * HEAD;
    f->first_bytes += slices->first + 2 * heads;
    f->edge_bytes += slices->last + 2 * heads;
    f->all_bytes += slices->all + heads * (uint64_t)f->processes;
}

/* Bytes of a step's rewards; without data a row is a pair. */
static double reward_bytes(const assay_training *t, size_t pairs)
{
    const assay_example_set *set = &t->examples;
    double answers = set->count ? (double)set->answer_count / (double)set->count : 2;
    return answers * (double)pairs * (double)assay_larger(t->wanted.outputs, 1) * sizeof(float);
}

/* Of a step's pairs as they are on average; without data all are as long as the longest. */
static double step_flops(const assay_training *t, size_t pairs)
{
    double longest = (double)t->planning.longest_pair;
    double mean = t->examples.count ? assay_example_set_mean_tokens(&t->examples) : longest;
    return longest > 0 ? t->planning.plan.flops * (double)pairs * mean / longest : 0;
}

/* Seconds a byte of hashing, and of adding numbers to numbers. */
static assay_status measure_bytes(double *hashing, double *adding, assay_error *err)
{
    float *a = assay_alloc(2 * (size_t)TRIAL, sizeof *a);
    ASSAY_TRY_ALLOC(a, "a sum", err);
    uint64_t hash = XXH3_64bits(a, 2 * TRIAL * sizeof *a); /* touches it once */
    double start = assay_clock_seconds();
    hash ^= XXH3_64bits(a, TRIAL * sizeof *a);
    double hashed = assay_clock_seconds();
    for (size_t i = 0; i < TRIAL; i++) a[i] += a[TRIAL + i] + (float)(hash & 1);
    double added = assay_clock_seconds();
    *hashing = (hashed - start) / (TRIAL * sizeof *a);
    *adding = (added - hashed) / (TRIAL * sizeof *a);
    assay_free(a);
    return ASSAY_OK;
}

/* A link's second, and this machine's, for a byte. */
typedef struct byte_costs {
    double sending, hashing, adding;
} byte_costs;

/* Up the tree a sum is hashed, sent, hashed and added at every level; down it is hashed, sent and hashed. */
static double exchange_seconds(const assay_process_forecast *f, double sum_bytes, const byte_costs *c)
{
    double levels = levels_of(f->processes), messages = (WORDS + 1) * (f->processes - 1 + levels) + 2 * levels;
    return levels * sum_bytes * (2 * c->sending + 4 * c->hashing + c->adding) + messages * latency;
}

/* In slices a process sends what it receives at the same time, all but its own slice: of the gradients, which are
 * added, and of the weights. */
static double sliced_seconds(const assay_process_forecast *f, const assay_slice_forecast *s, const byte_costs *c)
{
    double levels = levels_of(f->processes), others = 1 - 1.0 / f->processes,
           messages = (WORDS + 1) * (f->processes - 1 + levels) + (double)s->messages;
    return others * (double)s->gradient_bytes * (c->sending + 2 * c->hashing + c->adding) +
           others * (double)s->weight_bytes * (c->sending + 2 * c->hashing) + messages * latency;
}

static void forecast_link(assay_process_forecast *f, int link, double exchange)
{
    double step = f->compute_seconds * (double)f->most_pairs / (double)f->pairs + exchange;
    f->links[link].gigabits = link_speeds[link];
    f->links[link].exchange_seconds = exchange;
    f->links[link].step_seconds = step;
    f->links[link].efficiency = step > 0 ? f->compute_seconds / (f->processes * step) : (double)NAN;
}

static size_t most_pairs(size_t pairs, size_t lanes, size_t processes)
{
    size_t most = 0, each = lanes / processes;
    for (size_t p = 0; p < processes; p++)
        most = assay_larger(most,
                            assay_lane_begin((p + 1) * each, lanes, pairs) - assay_lane_begin(p * each, lanes, pairs));
    return most;
}

assay_status assay_process_forecast_make(assay_process_forecast *out, int processes, const assay_training *t,
                                         assay_error *err)
{
    size_t lanes = t->settings.lanes, pairs = t->settings.batch_pairs;
    double sum_bytes = (double)t->planning.size.trained * sizeof(float);
    bool sliced = t->settings.slices > 1;
    assay_slice_forecast slices = {0};
    byte_costs costs = {0};
    ASSAY_TRY(assay_shares_check((size_t)processes, 1, lanes, err));
    if (t->examples.count) pairs = assay_smaller(pairs, t->examples.count);
    *out = (assay_process_forecast){.processes = processes,
                                    .lanes = lanes,
                                    .pairs = pairs,
                                    .most_pairs = most_pairs(pairs, lanes, (size_t)processes)};
    for (int i = 0; i < WORDS; i++) count_share(out, (double)processes * sizeof(uint64_t));
    count_share(out, reward_bytes(t, pairs));
    if (sliced) ASSAY_TRY(assay_slice_forecast_make(&slices, processes, t, err));
    if (sliced) count_slices(out, &slices);
    else count_sum(out, sum_bytes);
    ASSAY_TRY(assay_arithmetic_speed(t->kernels, t->pool, t->wanted.bf16, &out->speed, err));
    ASSAY_TRY(measure_bytes(&costs.hashing, &costs.adding, err));
    out->compute_seconds = step_flops(t, pairs) / out->speed;
    for (int i = 0; i < ASSAY_FORECAST_LINKS; i++) {
        costs.sending = 8 / (link_speeds[i] * 1e9);
        forecast_link(out, i, sliced ? sliced_seconds(out, &slices, &costs) : exchange_seconds(out, sum_bytes, &costs));
    }
    return ASSAY_OK;
}

json_t *assay_process_forecast_json(const assay_process_forecast *f)
{
    json_t *links = json_array();
    for (int i = 0; links && i < ASSAY_FORECAST_LINKS; i++)
        json_array_append_new(links, json_pack("{s:f, s:f, s:f, s:f}", "gigabits_per_second", f->links[i].gigabits,
                                               "exchange_seconds", f->links[i].exchange_seconds, "step_seconds",
                                               f->links[i].step_seconds, "efficiency", f->links[i].efficiency));
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "count", f->processes, "lanes",
                     (json_int_t)f->lanes, "pairs", (json_int_t)f->pairs, "most_pairs", (json_int_t)f->most_pairs,
                     "first_bytes", (json_int_t)f->first_bytes, "edge_bytes", (json_int_t)f->edge_bytes, "all_bytes",
                     (json_int_t)f->all_bytes, "flops_per_second", f->speed, "compute_seconds", f->compute_seconds,
                     "links", links);
}
