/* From options to everything a training run works with; shared by train and whoever plans or checks the same run.
 *
 *     assay_training *training;
 *     // model, pairs, examples, settings; says on the log what it found
 *     ASSAY_TRY(assay_training_open(&training, options, context, err));
 *     ASSAY_TRY(assay_training_start(training, context, err)); // kernels, threads, the planned trainer
 *     ...
 *     assay_training_close(training);
 */
#ifndef ASSAY_TASK_TRAINING_H
#define ASSAY_TASK_TRAINING_H

#include "data/split.h"
#include "model/model_save.h"
#include "task/context.h"
#include "task/model_source.h"
#include "task/planning.h"
#include "task/staging.h"
#include "train/run.h"

/* Of one process of a run: the kinds of memory that a plan counts, in bytes. */
typedef struct assay_rank_memory {
    uint64_t planned, peak;
} assay_rank_memory;

typedef struct assay_training {
    assay_model_source *source;
    assay_renderer renderer;
    assay_pair_set *pairs, *eval_pairs; /* eval_pairs NULL: none given */
    assay_split split;                  /* of pairs, where no evaluation data is given */
    assay_label_list labels;            /* of the attributes that are learned; none: the head has one number */
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
    int32_t head_tokens[2];  /* of --head-init tokens: */
    assay_planning planning; /* of this process's stage; of a plan with --stages that of the one with the least room */
    assay_staging staging;   /* of --stages */
    int stage;               /* whose planning it is */
    assay_planning *of_stages;   /* of a plan with --stages: all of them; else NULL */
    assay_rank_memory *of_ranks; /* of a run that has ended in several processes; else NULL */
    assay_stream_list *stream;   /* of a plan that streams weights, else NULL */
    /* what the output needs of the model's folder, held open: it may be gone when the run ends */
    assay_held_files tokenizer_files, code_files;
    char *license;     /* of the base's README.md; NULL: none is named */
    bool is_hub_id;    /* the model was given by one */
    int64_t pad_token; /* a token that no text of the data ends with; -1: none found */
} assay_training;

assay_status assay_training_open(assay_training **out, const assay_options *options, const assay_task_context *context,
                                 assay_error *err);
/* As far as the plan: no weight is looked for, --data may be missing, and a run that does not fit is no error
 * (training->planning.fits). */
assay_status assay_training_open_plan(assay_training **out, const assay_options *options,
                                      const assay_task_context *context, assay_error *err);
assay_status assay_training_start(assay_training *training, const assay_task_context *context, assay_error *err);
void assay_training_close(assay_training *training); /* NULL is fine */

/* Saves the model as it is now: an adapter folder, or a full model. For assay_run_settings.save; context is the
 * training. */
assay_status assay_training_save(void *training, const char *folder, assay_error *err);

#endif
