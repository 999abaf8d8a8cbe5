/* A synthetic training step, for measuring: middle layers of a real shape with random weights, one text of T tokens.
 *
 *     ASSAY_TRY(assay_bench_step_open(&bench, options, kernels, bf16, err));
 *     ASSAY_TRY(assay_bench_step_run(bench, &seconds, err)); // one forward and backward pass
 *     assay_bench_step_close(bench);
 */
#ifndef ASSAY_TASK_BENCH_STEP_H
#define ASSAY_TASK_BENCH_STEP_H

#include "engine/planner.h"
#include "options/options.h"

typedef struct assay_bench_step assay_bench_step;

assay_status assay_bench_step_open(assay_bench_step **out, const assay_options *options, const assay_kernels *kernels,
                                   bool bf16, assay_error *err);
void assay_bench_step_close(assay_bench_step *bench); /* NULL is fine */
assay_status assay_bench_step_run(assay_bench_step *bench, double *seconds, assay_error *err);

double assay_bench_step_flops(const assay_bench_step *bench);   /* of one run, replays included */
size_t assay_bench_step_planned(const assay_bench_step *bench); /* bytes of the step's arena */
size_t assay_bench_step_used(const assay_bench_step *bench);    /* bytes used of it so far */
int assay_bench_step_layers(const assay_bench_step *bench);
int assay_bench_step_replayed(const assay_bench_step *bench);
assay_pool *assay_bench_step_pool(const assay_bench_step *bench);

#endif
