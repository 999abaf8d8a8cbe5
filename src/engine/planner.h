/* Choosing how to run within a budget: tokens per micro-batch and how many layers to replay. Knows the program alone.
 *
 * The plan is the fastest that fits. Candidates are all pairs of a micro-batch (a ladder from the longest pair, which
 * is never split, to the widest that is useful) and a number of replayed layers (0 to all); their time a token is the
 * schedule's FLOPs times 1 + OVERHEAD / tokens, which stands for what a micro-batch costs whatever its size (packing
 * weights). More memory only adds candidates, so it never makes a plan slower; among equally fast ones the smallest is
 * taken, so it never makes one larger for nothing.
 *
 * Where a folder to spill to is given, a number of layers that write what backward needs to a file, instead of being
 * replayed, is a candidate, too. A byte that is written and read back counts as the FLOPs that could be done meanwhile,
 * so layers are spilled where that is cheaper than computing them again, or where nothing else is small enough. Layers
 * of one program are alike: it never pays to replay some and to spill others.
 *
 *     ASSAY_TRY(assay_plan_make(&request, &plan, err)); // ASSAY_E_NO_FIT: plan is then the smallest there is
 *     assay_engine_config config = assay_plan_engine(&request, &plan, pool);
 */
#ifndef ASSAY_ENGINE_PLANNER_H
#define ASSAY_ENGINE_PLANNER_H

#include "engine/engine.h"

typedef enum assay_recompute { ASSAY_RECOMPUTE_AUTO, ASSAY_RECOMPUTE_OFF, ASSAY_RECOMPUTE_ALL } assay_recompute;

typedef struct assay_plan_request {
    const assay_program *program;
    const assay_kernels *kernels;
    int workers; /* threads: each has scratch of its own */
    bool backward;
    assay_recompute recompute;
    size_t micro_tokens; /* 0: chosen */
    size_t longest_pair; /* tokens of the largest tree: the smallest micro-batch */
    size_t longest_path; /* tokens of the longest text */
    size_t step_tokens;  /* more than this many tokens at once are never useful */
    size_t step_scored;  /* scored rows of the largest step */
    size_t fixed_bytes;  /* weights, gradients, optimizer: whatever is there besides the arena */
    /* weights that are not among the fixed bytes, but come from files into the arena; NULL: none */
    const assay_stream_list *stream;
    const char *spill;  /* folder for values that wait for the backward pass; NULL: all stay in memory. Not looked at */
    double spill_flops; /* that are done while one byte is written there and read back */
    size_t budget;      /* bytes for both; SIZE_MAX: no limit */
    bool early;         /* gradients of weights are in the arena, too (engine.h), not among the fixed bytes */
    int flights;        /* micro-batches in flight (engine.h), each in an arena of its own where that fits; 0: one */
} assay_plan_request;

typedef struct assay_plan {
    size_t micro_tokens, arena_bytes, total_bytes;
    size_t scratch_bytes; /* of arena_bytes: the workers' product scratch */
    int replayed;
    bool early;
    int flights;
    bool stores;        /* of micro-batches in flight only what comes from below is kept */
    int spilled;        /* layers whose values go to a file; then none is replayed */
    size_t spill_bytes; /* of that file: what a micro-batch writes at most */
    bool streamed;      /* weights come from files */
    size_t read_bytes;  /* at most so many a micro-batch, forward and back */
    /* Of the smallest plan of a request with streamed weights: what every plan that keeps them takes at least. */
    size_t least_kept;
    double flops;         /* a micro-batch of the longest pair alone */
    double forward_flops; /* of these, what comes before its rewards */
    double overhead;      /* FLOPs spent on replaying, as a share of those without */
    /* FLOPs a token, each micro-batch's own cost included: for comparing plans of different programs */
    double time;
    double relative_time; /* per token; 1: nothing replayed, the widest micro-batch */
    assay_bounds bounds;
} assay_plan;

/* ASSAY_E_NO_FIT: the message says what the smallest plan needs and has; *plan is that plan. */
assay_status assay_plan_make(const assay_plan_request *request, assay_plan *plan, assay_error *err);

/* What FLOPs are counted for: a typical micro-batch, pairs of the longest kind, two scored rows each. */
assay_step_work assay_plan_work(const assay_plan_request *request);

/* One way, whatever the budget: replayed lowest layers or (then request->spill is not NULL) spilled ones, in
 * micro-batches of request->micro_tokens (0: of the longest pair). */
assay_status assay_plan_at(const assay_plan_request *request, int replayed, int spilled, assay_plan *plan,
                           assay_error *err);

/* The largest micro-batch, in tokens, that fits the budget with that many layers replayed; 0: not even the longest pair
 * does. */
assay_status assay_plan_largest(const assay_plan_request *request, int replayed, size_t *micro_tokens,
                                assay_error *err);

/* The engine configuration of a plan; pool has request->workers threads. */
assay_engine_config assay_plan_engine(const assay_plan_request *request, const assay_plan *plan, assay_pool *pool);

#endif
