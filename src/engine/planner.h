/* Choosing how to run within a budget: tokens per micro-batch and how many layers to replay.
 *
 * The plan keeps everything it can: it first looks for the largest micro-batch that fits without replaying a layer; only where not even the smallest
 * (the longest pair, which is never split) fits does it replay, the fewest of the lowest layers that make it fit. More memory
 * therefore never means more recomputation. Knows the program alone.
 */
#ifndef ASSAY_ENGINE_PLANNER_H
#define ASSAY_ENGINE_PLANNER_H

#include "engine/engine.h"

typedef enum assay_recompute { ASSAY_RECOMPUTE_AUTO, ASSAY_RECOMPUTE_OFF, ASSAY_RECOMPUTE_ALL } assay_recompute;

typedef struct assay_plan_request {
    const assay_program *program;
    const assay_kernels *kernels;
    assay_pool *pool;
    bool backward;
    assay_recompute recompute;
    size_t micro_tokens;      /* 0: chosen */
    size_t longest_pair;      /* tokens of the largest tree: the smallest micro-batch */
    size_t longest_path;      /* tokens of the longest text */
    size_t step_tokens;       /* more than this many tokens at once are never useful */
    size_t step_scored;       /* scored rows of the largest step */
    size_t fixed_bytes;       /* weights, gradients, optimizer: whatever is there besides the arena */
    size_t budget;            /* bytes for both; SIZE_MAX: no limit */
} assay_plan_request;

typedef struct assay_plan {
    size_t micro_tokens, arena_bytes, total_bytes;
    int replayed;
    assay_bounds bounds;
} assay_plan;

/* ASSAY_E_NO_FIT says what the smallest plan needs. */
assay_status assay_plan_make(const assay_plan_request *request, assay_plan *plan, assay_error *err);

/* The engine configuration of a plan. */
assay_engine_config assay_plan_engine(const assay_plan_request *request, const assay_plan *plan);

#endif
