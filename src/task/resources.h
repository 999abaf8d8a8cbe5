/* What a task takes of the machine: kernels, arithmetic, memory. */
#ifndef ASSAY_TASK_RESOURCES_H
#define ASSAY_TASK_RESOURCES_H

#include "comm/comm.h"
#include "options/options.h"
#include "task/model_source.h"
#include "task/planning.h"

/* Kernels by the environment variable ASSAY_KERNELS (plain, avx2, avx512, avx512bf16), else the best. */
assay_status assay_choose_kernels(const assay_kernels **kernels, assay_error *err);

/* Whether to compute in bf16. auto: in training where the processor multiplies bf16 itself; in scoring as the model was
 * trained. Says so where bf16 is asked of a processor that has to imitate it. */
bool assay_training_in_bf16(const assay_options *options, const assay_kernels *kernels, const assay_log *log);
bool assay_scoring_in_bf16(const assay_options *options, const assay_model_source *source, const assay_kernels *kernels,
                           const assay_log *log);

/* What --memory auto takes of so many bytes. */
size_t assay_memory_share(uint64_t bytes);

/* --memory, or that share of what is free; where limits hold for this process's own memory, 90 % of what they leave and
 * `besides`: what of the budget they do not count (mapped weights), or counted already. comm: as below, or NULL. */
assay_status assay_memory_budget(const assay_options *options, const assay_comm *comm, size_t besides, size_t *budget,
                                 assay_error *err);

/* --memory SIZE: no more, and no more of the process's own than hard limits (cgroup, RLIMIT_DATA, RLIMIT_AS) leave.
 * auto: 90 % of what is free; where that is too little and the tightest limit is a cgroup's, whose memory is this run's
 * alone, all it has left but what the process needs besides its plan. Processes of the run on this host share what is
 * not said by --memory. */
assay_status assay_memory_room_read(const assay_options *options, const assay_comm *comm, assay_memory_room *room,
                                    assay_error *err);

/* --threads; 0: all processors. Processes of the run on this host share them, unless their launcher has bound each to
 * some. */
int assay_threads_wanted(const assay_options *options, const assay_comm *comm);

#endif
