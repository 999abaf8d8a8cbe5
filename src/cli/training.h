/* From options to everything a training run works with; shared by train and whoever plans or checks the same run.
 *
 *     assay_training *training;
 *     ASSAY_TRY(assay_training_open(&training, options, context, err));    // model, pairs, examples, settings; says on
 *     the log what it found
 *     ASSAY_TRY(assay_training_start(training, context, err));    // kernels, threads, the planned trainer
 *     ...
 *     assay_training_close(training);
 */
#ifndef ASSAY_CLI_TRAINING_H
#define ASSAY_CLI_TRAINING_H

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/planning.h"
#include "data/split.h"
#include "model/model_save.h"
#include "train/run.h"

typedef struct assay_training {
    assay_model_source *source;
    assay_renderer renderer;
    assay_pair_set *pairs, *eval_pairs; /* eval_pairs NULL: none given */
    assay_split split;                  /* of pairs, where no evaluation data is given */
    assay_example_set examples, evaluation;
    bool has_evaluation;
    assay_tuning tuning;
    assay_lora_spec lora;
    assay_model *model;
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_trainer *trainer;
    assay_train_settings settings;
    assay_memory_room room;
    assay_fingerprints prints;
    assay_model_options wanted;
    assay_planning planning;
    int64_t pad_token; /* a token that no text of the data ends with; -1: none found */
} assay_training;

assay_status assay_training_open(assay_training **out, const assay_options *options,
                                 const assay_command_context *context, assay_error *err);
/* As far as the plan: no weight is looked for, --data may be missing, and a run that does not fit is no error
 * (training->planning.fits). */
assay_status assay_training_open_plan(assay_training **out, const assay_options *options,
                                      const assay_command_context *context, assay_error *err);
assay_status assay_training_start(assay_training *training, const assay_command_context *context, assay_error *err);
void assay_training_close(assay_training *training); /* NULL is fine */

/* Saves the model as it is now: an adapter folder, or a full model. For assay_run_settings.save; context is the
 * training. */
assay_status assay_training_save(void *training, const char *folder, assay_error *err);

/* Kernels by the environment variable ASSAY_KERNELS (plain, avx2, avx512, avx512bf16), else the best. */
assay_status assay_choose_kernels(const assay_kernels **kernels, assay_error *err);

/* Whether to compute in bf16. auto: in training where the processor multiplies bf16 itself; in scoring as the model was
 * trained. Says so where bf16 is asked of a processor that has to imitate it. */
bool assay_training_halves(const assay_options *options, const assay_kernels *kernels, const assay_log *log);
bool assay_scoring_halves(const assay_options *options, const assay_model_source *source, const assay_kernels *kernels,
                          const assay_log *log);

/* What --memory auto takes of so many bytes. */
size_t assay_memory_share(uint64_t bytes);

/* --memory, or that share of what is free; where limits hold for this process's own memory, 90 % of what they leave and
 * `besides`: what of the budget they do not count (mapped weights), or counted already. */
assay_status assay_memory_budget(const assay_options *options, size_t besides, size_t *budget, assay_error *err);

/* --memory SIZE: no more, and no more of the process's own than hard limits (cgroup, RLIMIT_DATA, RLIMIT_AS) leave.
 * auto: 90 % of what is free; where that is too little and the tightest limit is a cgroup's, whose memory is this run's
 * alone, all it has left but what the process needs besides its plan. */
assay_status assay_memory_room_read(const assay_options *options, assay_memory_room *room, assay_error *err);

#endif
