/* The exchanges of a step are those of train/trainer.c, train/staged.c and train/run.c: rows and their gradients
 * through each row of stages; one share of the rewards; the sum of a stage's gradients up a binomial tree and down
 * again (where moments are in slices: sums of slices, sums of squares, and the weights; comm/comm.h); the squares of a
 * norm up a row and down; and three words that every process sends to the first and gets back with everybody's. A
 * message is its bytes behind a head of 16 (comm/message.c). */
#include "task/step_traffic.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "task/stage_slices.h"
#include "train/lanes.h"

#include <math.h>

enum { HEAD = 16 };

/* Some of the processes, as a part of a comm is (comm/comm.h). */
typedef struct part {
    int first, step, count;
} part;

static int rank_of(const part *p, int number) { return p->first + number * p->step; }

static void carry(assay_step_traffic *t, int from, int to, double bytes, double messages)
{
    t->sent[from] += bytes + messages * HEAD;
    t->received[to] += bytes + messages * HEAD;
}

static void broadcast(assay_step_traffic *t, const part *p, double bytes)
{
    for (int width = 1; width < p->count; width *= 2)
        for (int r = 0; r < width && r + width < p->count; r++)
            carry(t, rank_of(p, r), rank_of(p, r + width), bytes, 1);
}

static void sum(assay_step_traffic *t, const part *p, double bytes)
{
    for (int width = 1; width < p->count; width *= 2)
        for (int r = 0; r + width < p->count; r += 2 * width) carry(t, rank_of(p, r + width), rank_of(p, r), bytes, 1);
    broadcast(t, p, bytes);
}

/* Two processes exchange the halves of a run of slices that both have: of a sum each gives the other the half that it
 * does not keep, of what is whole (and on the way back) the half that it has. */
static void exchange(assay_step_traffic *t, int rank, const size_t *borders, size_t keep, size_t half, bool sums)
{
    size_t other = keep ^ half;
    double kept = (double)(borders[keep + half] - borders[keep]),
           given = (double)(borders[other + half] - borders[other]);
    t->sent[rank] += (sums ? given : kept) + HEAD;
    t->received[rank] += (sums ? kept : given) + HEAD;
}

static void count_slices(assay_step_traffic *t, const part *column, const assay_moment_slices *slices)
{
    for (int r = 0; r < column->count; r++) {
        int rank = rank_of(column, r);
        size_t slice = (size_t)assay_comm_slice(r, column->count);
        for (size_t half = (size_t)column->count / 2; half > 0; half /= 2) {
            size_t keep = slice / half * half;
            exchange(t, rank, slices->gradients, keep, half, true);
            exchange(t, rank, slices->squares, keep, half, false);
            exchange(t, rank, slices->weights, keep, half, false);
        }
    }
    t->spread_bytes = fmax(t->spread_bytes, (double)slices->weights[slices->count]);
}

/* What the processes of a stage do with their gradients. */
static assay_status count_column(assay_step_traffic *t, const assay_training *training, int stage, assay_error *err)
{
    const part column = {stage, t->stages, t->groups};
    assay_moment_slices slices;
    if (training->settings.slices <= 1) {
        sum(t, &column, (double)assay_training_stage(training, stage)->size.trained * sizeof(float));
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_stage_slices_make(&slices, training, stage, err));
    count_slices(t, &column, &slices);
    assay_moment_slices_release(&slices);
    return ASSAY_OK;
}

static void count_words(assay_step_traffic *t)
{
    const part all = {0, 1, t->processes};
    for (int r = 1; r < t->processes; r++) carry(t, r, 0, ASSAY_STEP_WORDS * sizeof(uint64_t), ASSAY_STEP_WORDS);
    for (int word = 0; word < ASSAY_STEP_WORDS; word++) broadcast(t, &all, (double)t->processes * sizeof(uint64_t));
}

/* The last of each row has those of its answers. */
static void count_rewards(assay_step_traffic *t, double answer)
{
    const part all = {0, 1, t->processes};
    double whole = 0;
    for (int r = 0; r < t->processes; r++) {
        bool has = r % t->stages == t->stages - 1;
        double own = has ? t->rows[r / t->stages].answers * answer : 0;
        if (r) carry(t, r, 0, own, 1);
        whole += own;
    }
    if (t->processes > 1) broadcast(t, &all, whole);
}

static void count_norm(assay_step_traffic *t, const part *row)
{
    for (int r = 0; r < row->count; r++)
        carry(t, rank_of(row, r), rank_of(row, (r + 1) % row->count), sizeof(double), 1);
    broadcast(t, row, sizeof(double));
}

const assay_planning *assay_training_stage(const assay_training *training, int stage)
{
    return training->of_stages ? &training->of_stages[stage] : &training->planning;
}

static double border_bytes(const assay_training *training, int stage, const assay_step_row *row, bool up)
{
    if (stage + 1 >= training->staging.stages) return 0;
    const assay_planning *above = assay_training_stage(training, stage + 1);
    return row->tokens * (double)(up ? above->inlet_bytes : above->inlet_gradient_bytes) + row->micro_batches * HEAD;
}

double assay_step_up_bytes(const assay_training *training, int stage, const assay_step_row *row)
{
    return border_bytes(training, stage, row, true);
}

double assay_step_down_bytes(const assay_training *training, int stage, const assay_step_row *row)
{
    return border_bytes(training, stage, row, false);
}

static assay_status count_stages(assay_step_traffic *t, const assay_training *training, assay_error *err)
{
    for (int r = 0; r < t->processes; r++) {
        int stage = r % t->stages;
        const assay_step_row *row = &t->rows[r / t->stages];
        if (stage + 1 == t->stages) continue;
        carry(t, r, r + 1, assay_step_up_bytes(training, stage, row), 0);
        carry(t, r + 1, r, assay_step_down_bytes(training, stage, row), 0);
    }
    for (int g = 0; g < t->groups && t->stages > 1; g++) count_norm(t, &(part){g * t->stages, 1, t->stages});
    for (int s = 0; s < t->stages; s++) ASSAY_TRY(count_column(t, training, s, err));
    return ASSAY_OK;
}

/* ---- rows ---- */

static int group_of_lane(const assay_step_traffic *t, size_t lane, size_t lanes)
{
    return (int)(lane / (lanes / (size_t)t->groups));
}

/* Pairs of the longest kind, two answers each. */
static void load_without_data(assay_step_traffic *t, const assay_training *training)
{
    size_t lanes = training->settings.lanes, longest = assay_larger(training->planning.longest_pair, 1),
           together = assay_larger(training->planning.plan.micro_tokens / longest, 1);
    for (size_t lane = 0; lane < lanes; lane++) {
        assay_step_row *row = &t->rows[group_of_lane(t, lane, lanes)];
        size_t pairs = assay_lane_begin(lane + 1, lanes, t->pairs) - assay_lane_begin(lane, lanes, t->pairs);
        row->tokens += (double)pairs * (double)longest;
        size_t micro_batches = (pairs + together - 1) / together;
        row->micro_batches += (double)micro_batches;
        row->answers += 2 * (double)pairs;
    }
}

static assay_status load_step(assay_step_traffic *t, const assay_training *training, const uint32_t *picked,
                              assay_micro_runs *runs, assay_error *err)
{
    const assay_example_set *set = &training->examples;
    size_t lanes = training->settings.lanes;
    for (size_t lane = 0; lane < lanes; lane++) {
        assay_step_row *row = &t->rows[group_of_lane(t, lane, lanes)];
        size_t begin = assay_lane_begin(lane, lanes, t->pairs), end = assay_lane_begin(lane + 1, lanes, t->pairs);
        if (begin == end) continue;
        ASSAY_TRY(
            assay_micro_runs_cut(runs, set, picked + begin, end - begin, training->planning.plan.micro_tokens, err));
        row->micro_batches += (double)runs->count;
        for (size_t i = begin; i < end; i++) {
            row->tokens += (double)assay_example_tokens(set, &set->items[picked[i]]);
            row->answers += (double)set->items[picked[i]].count;
        }
    }
    return ASSAY_OK;
}

static void divide(assay_step_traffic *t, double steps)
{
    for (int g = 0; g < t->groups; g++) {
        t->rows[g].tokens /= steps;
        t->rows[g].micro_batches /= steps;
        t->rows[g].answers /= steps;
    }
}

static assay_status load_epoch(assay_step_traffic *t, const assay_training *training, assay_error *err)
{
    assay_sampler sampler;
    assay_micro_runs runs = {0};
    size_t steps = training->examples.count / t->pairs, count;
    assay_status status = assay_sampler_init(&sampler, training->examples.count, training->settings.seed, 0, err);
    ASSAY_TRY(status);
    for (size_t s = 0; s < steps && status == ASSAY_OK; s++)
        status = load_step(t, training, assay_sampler_next(&sampler, t->pairs, &count), &runs, err);
    assay_sampler_release(&sampler);
    assay_micro_runs_release(&runs);
    divide(t, (double)steps);
    return status;
}

static assay_status make(assay_step_traffic *t, const assay_training *training, assay_error *err)
{
    double answer = (double)assay_larger(training->wanted.outputs, 1) * sizeof(float);
    t->rows = assay_alloc((size_t)t->groups, sizeof *t->rows);
    t->sent = assay_alloc((size_t)t->processes, sizeof *t->sent);
    t->received = assay_alloc((size_t)t->processes, sizeof *t->received);
    if (!t->rows || !t->sent || !t->received)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the traffic of a step");
    if (training->examples.count) ASSAY_TRY(load_epoch(t, training, err));
    else load_without_data(t, training);
    count_words(t);
    count_rewards(t, answer);
    return count_stages(t, training, err);
}

assay_status assay_step_traffic_make(assay_step_traffic *t, const assay_training *training, assay_error *err)
{
    size_t pairs = training->settings.batch_pairs, count = training->examples.count;
    *t = (assay_step_traffic){.processes = training->staging.groups * training->staging.stages,
                              .stages = training->staging.stages,
                              .groups = training->staging.groups,
                              .pairs = count ? assay_smaller(pairs, count) : pairs};
    assay_status status = make(t, training, err);
    if (status != ASSAY_OK) assay_step_traffic_release(t);
    return status;
}

void assay_step_traffic_release(assay_step_traffic *t)
{
    assay_free(t->rows);
    assay_free(t->sent);
    assay_free(t->received);
    *t = (assay_step_traffic){0};
}
