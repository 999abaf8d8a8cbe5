#include "train/staged.h"

#include "packing/pack_example.h"
#include "train/lanes.h"

#include <math.h>
#include <stdio.h>

static void look_for_signal(assay_trainer *t)
{
    char why[64];
    if (!t->interrupted || !*t->interrupted || *t->interrupted == SIGINT) return;
    snprintf(why, sizeof why, "step %llu was given up", (unsigned long long)t->step + 1);
    assay_pipe_give_up(&t->pipe, ASSAY_E_STOPPED, why);
}

/* Packing is cheap beside computing: what comes down is packed once more. */
static assay_pass pack(const assay_staged_walk *walk, size_t begin, size_t end, size_t number)
{
    assay_trainer *t = walk->trainer;
    assay_pack_clear(&t->pack);
    for (size_t i = begin; i < end; i++)
        assay_pack_example(&t->pack, t->examples, &t->examples->items[walk->picked[i]], walk->picked[i]);
    return (assay_pass){.geometry = assay_pack_finish(&t->pack),
                        .number = number,
                        .seed = t->settings.seed,
                        .step = t->step,
                        .training = true};
}

static size_t end_of_lanes(const assay_trainer *t) { return t->shares.first_lane + t->shares.lanes; }

/* The next micro-batch that goes up, cut as it will be when it comes down; *any false: all have. */
static assay_status next_up(assay_staged_walk *walk, size_t *begin, size_t *end, bool *any, assay_error *err)
{
    assay_trainer *t = walk->trainer;
    assay_micro_runs *runs = &t->ahead;
    while (walk->run == runs->count && walk->lane < end_of_lanes(t)) {
        walk->lane_begin = assay_lane_begin(walk->lane, t->settings.lanes, walk->count);
        size_t lane_end = assay_lane_begin(++walk->lane, t->settings.lanes, walk->count);
        walk->run = 0;
        ASSAY_TRY(assay_micro_runs_cut(runs, t->examples, walk->picked + walk->lane_begin, lane_end - walk->lane_begin,
                                       t->plan.micro_tokens, err));
    }
    *any = walk->run < runs->count;
    if (!*any) return ASSAY_OK;
    *begin = walk->lane_begin + runs->begin[walk->run];
    *end = walk->lane_begin + runs->begin[++walk->run];
    return ASSAY_OK;
}

static assay_status go_up(assay_staged_walk *walk, bool *any, assay_error *err)
{
    assay_trainer *t = walk->trainer;
    size_t begin, end;
    ASSAY_TRY(next_up(walk, &begin, &end, any, err));
    if (!*any) return ASSAY_OK;
    look_for_signal(t);
    const assay_pass pass = pack(walk, begin, end, walk->ups++);
    ASSAY_TRY(assay_pipe_forward(&t->pipe, &pass, err));
    if (assay_pipe_ends(&t->pipe) && !t->pipe.given_up) walk->d_rewards = walk->judge(walk->context, begin, end);
    return ASSAY_OK;
}

static assay_status come_down(assay_staged_walk *walk, size_t begin, size_t end, assay_error *err)
{
    assay_trainer *t = walk->trainer;
    bool any = true;
    size_t ahead = t->pipe.flights > 1 ? (size_t)t->pipe.flights : 1;
    while (any && walk->ups < walk->downs + ahead) ASSAY_TRY(go_up(walk, &any, err));
    look_for_signal(t);
    const assay_pass pass = pack(walk, begin, end, walk->downs++);
    return assay_pipe_backward(&t->pipe, &pass, walk->d_rewards, err);
}

void assay_staged_begin(assay_staged_walk *walk)
{
    assay_trainer *t = walk->trainer;
    walk->lane = t->shares.first_lane;
    t->ahead.count = 0;
    assay_pipe_begin(&t->pipe);
}

assay_status assay_staged_lane(assay_staged_walk *walk, size_t begin, size_t end, assay_error *err)
{
    assay_trainer *t = walk->trainer;
    ASSAY_TRY(
        assay_micro_runs_cut(&t->runs, t->examples, walk->picked + begin, end - begin, t->plan.micro_tokens, err));
    for (size_t r = 0; r < t->runs.count; r++)
        ASSAY_TRY(come_down(walk, begin + t->runs.begin[r], begin + t->runs.begin[r + 1], err));
    return ASSAY_OK;
}

assay_status assay_staged_end(assay_staged_walk *walk, assay_error *err)
{
    return assay_pipe_end(&walk->trainer->pipe, err);
}

/* Up from stage to stage, as the weights' numbers rise, and from the last down to all. */
assay_status assay_staged_norm(const assay_trainer *t, double *norm, assay_error *err)
{
    assay_comm *row = t->shares.row;
    int rank = assay_comm_rank(row), last = assay_comm_size(row) - 1;
    double squares = 0;
    if (rank > 0) ASSAY_TRY(assay_comm_receive(row, rank - 1, &squares, sizeof squares, err));
    squares = assay_optimizer_squares(t->optimizer, t->kernels, squares);
    ASSAY_TRY(assay_comm_send(row, rank < last ? rank + 1 : 0, &squares, sizeof squares, err));
    if (rank == 0) ASSAY_TRY(assay_comm_receive(row, last, &squares, sizeof squares, err));
    ASSAY_TRY(assay_comm_broadcast(row, &squares, sizeof squares, err));
    *norm = sqrt(squares);
    return ASSAY_OK;
}

assay_status assay_staged_score(void *context, const assay_geometry *geometry, assay_error *err)
{
    assay_trainer *t = context;
    const assay_pass pass = {.geometry = geometry};
    if (t->interrupted && *t->interrupted) assay_pipe_give_up(&t->pipe, ASSAY_E_STOPPED, "interrupted");
    return assay_pipe_forward(&t->pipe, &pass, err);
}
