/* One optimizer step after another: the part of training that computes.
 *
 *     assay_trainer *trainer;
 *     // gradients, moments and the arena, planned within the budget
 *     ASSAY_TRY(assay_trainer_create(&trainer, &setup, err));
 *     while (trainer->step < trainer->total_steps) ASSAY_TRY(assay_trainer_step(trainer, &record, err));
 *     assay_trainer_free(trainer);
 *
 * A step takes batch_pairs examples (pairs, lists of answers, answers in steps) in the sampler's order (the last of an
 * epoch fewer), cut into micro-batches that never split one. The loss is the weighted mean over the step's examples
 * (accuracy: the mean over those that a label does not call undecided, NaN where there are none; of a list the share of
 * its couples that are in order), so accumulation computes what one big batch would; its gradients are folded example
 * by example, so not one bit depends on how they were grouped. They are summed lane by lane (train/lanes.h), and a
 * micro-batch lies in one lane. Several processes share the lanes out (train/shares.h): a step is then a step of all of
 * them, all end it with the same weights to the last bit, and it is the same for every number of them. Where the model
 * is cut into stages (train/staged.h), each process has the weights, gradients and moments of its own; settings.slices
 * shares moments out (train/sliced.h). Model, examples, kernels, pool and comm are borrowed.
 */
#ifndef ASSAY_TRAIN_TRAINER_H
#define ASSAY_TRAIN_TRAINER_H

#include "data/batches.h"
#include "engine/planner.h"
#include "model/model.h"
#include "objective/objective.h"
#include "optim/lr_schedule.h"
#include "optim/moment_slices.h"
#include "optim/optimizer.h"
#include "packing/pack.h"
#include "train/learned_tie.h"
#include "train/pipe.h"
#include "train/shares.h"

#include <signal.h>

typedef struct assay_train_settings {
    uint64_t batch_pairs, max_steps; /* max_steps 0: by epochs */
    size_t lanes;                    /* of a step's sum: train/lanes.h; 0: one */
    double epochs, lr;
    assay_lr_shape shape;
    double min_lr, warmup; /* warmup below 1: share of the steps */
    assay_optimizer_hyper adam;
    bool eight_bits;   /* moments of large matrices (train/moments.h) */
    size_t slices;     /* of the moments over processes with the same weights: as many as these; 0: each has all */
    bool half_weights; /* large matrices are held in bf16 alone, as the model was opened (model/model.h) */
    assay_objective_settings objective;
    double margin; /* -1: the data's field; else this number for all pairs */
    double center;
    uint64_t seed;
    assay_recompute recompute;
    size_t micro_tokens; /* 0: chosen */
    size_t budget;       /* bytes; SIZE_MAX: no limit */
    int flights;         /* micro-batches in flight, where the model is cut into stages (train/pipe.h); 0: one */
    const char *spill;   /* folder for values that wait for the backward pass; NULL: all stay in memory. Borrowed */
    double spill_flops;  /* done while a byte is written there and read back (engine/planner.h) */
    bool early;          /* a gradient is applied as soon as it is whole (train/early.h): then lanes is 1 */
    bool skip_nan;       /* a step whose loss or gradient is not finite is skipped instead of an error */
} assay_train_settings;

typedef struct assay_step_record {
    uint64_t step; /* steps done, from 1 */
    double epoch, loss, accuracy, margin, reward_chosen, reward_rejected, grad_norm, lr, seconds;
    double tie_parameter; /* behind the step, where it is learned */
    double first_error;   /* of answers in steps: the share whose first wrong step is found, or rightly none */
    uint64_t pairs, ties, tokens, tokens_shared;
    uint64_t read_bytes;  /* of streamed weights, from their files */
    uint64_t spill_bytes; /* of values that waited in a file: written */
    bool skipped;
    const char *why; /* of a skipped step; valid until the next */
} assay_step_record;

/* Of settings.early: see train/early.h. */
typedef struct assay_early {
    size_t *items;   /* per parameter: the optimizer's */
    size_t *first;   /* per item: its first chunk */
    double *squares; /* of every chunk of the gradients */
    size_t chunks;
    double lr; /* of the step */
    bool torn; /* weights of the present step have moved, and others have not */
} assay_early;

typedef struct assay_trainer {
    assay_train_settings settings; /* a tie parameter that is learned changes in them */
    assay_learned_tie tie;
    assay_model *model;
    const assay_example_set *examples;
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_plan plan;
    assay_engine *engine;
    assay_optimizer *optimizer;
    assay_sampler sampler;
    assay_pack pack;
    assay_micro_runs runs, ahead; /* ahead: of a lane whose micro-batches go up a pipeline */
    float *gradients; /* all trained weights' gradients, one block; behind it those of waiting lanes; early: NULL */
    assay_early early;
    float *d_rewards; /* one micro-batch's */
    float *rewards;   /* the step's, of all processes */
    assay_shares shares;
    assay_moment_slices slices;   /* where processes share the moments out (train/sliced.h) */
    double *squares;              /* then: of the gradients of every chunk */
    uint64_t kept;                /* then: hash of this process's weights and moments (train/state_check.h) */
    assay_pipe pipe;              /* of this process's stage, where there are several */
    const int *borders;           /* of the stages, as the setup had them */
    struct assay_loss_room *room; /* train/loss.h */
    int *trained;                 /* program parameter of each optimizer item */
    assay_lr_schedule schedule;
    uint64_t step, total_steps, tokens_seen;
    uint64_t spilled; /* bytes written of values that waited in a file */
    /* bytes of anonymous memory the process is expected to reach at most (machine/process_memory.h), as the setup had
     * it */
    uint64_t planned_anonymous;
    size_t used_arena;       /* bytes; set by assay_trainer_finish */
    uint64_t peak_anonymous; /* the most seen at the end of a step */
    assay_error why;         /* what was wrong with the last skipped step */
    const volatile sig_atomic_t *interrupted;
} assay_trainer;

typedef struct assay_trainer_setup {
    assay_train_settings settings;
    assay_model *model;
    const assay_example_set *examples;
    const assay_example_set *evaluation; /* NULL: none; only its lengths matter here */
    const assay_kernels *kernels;
    assay_pool *pool;
    /* made for this run before its weights were there; NULL, or one of other bytes: it is made now */
    const assay_plan *plan;
    const assay_stream_list *stream; /* weights that do not stay in memory (model/model_stream.h); NULL: all do */
    uint64_t planned_anonymous;      /* of the process, for the metrics; 0: not known */
    assay_comm *comm;                /* the processes of the run; NULL: this one alone */
    /* of processes in a row: the model is the slice of rank % stages (model.h), which is borders[that] up to the next;
     * 0: each process has all of it */
    int stages;
    const int *borders;                       /* [stages + 1], borrowed */
    const volatile sig_atomic_t *interrupted; /* may be NULL; see assay_trainer_step */
} assay_trainer_setup;

/* What the planner is asked for such a run. examples NULL: pairs of two texts of `longest` tokens that share nothing,
 * the worst there can be. */
assay_plan_request assay_trainer_request(const assay_train_settings *settings, const assay_example_set *examples,
                                         const assay_example_set *evaluation, size_t longest);

/* Gradients that such a run holds of each trained weight. */
size_t assay_trainer_gradients(const assay_train_settings *settings);

/* Steps that such a run takes with so many pairs. */
uint64_t assay_trainer_steps(const assay_train_settings *settings, size_t pairs);

assay_status assay_trainer_create(assay_trainer **out, const assay_trainer_setup *setup, assay_error *err);
void assay_trainer_free(assay_trainer *trainer); /* NULL is fine */

/* Behind the last step and evaluation: gives the arena back, so that what is still to be written has its room. Only
 * saving and freeing may follow. */
void assay_trainer_finish(assay_trainer *trainer);

/* ASSAY_E_NUMERIC names the weight, or the pair and the layer, where a number became NaN or infinite (unless skip_nan);
 * nothing was updated then. Nor was it where ASSAY_E_STOPPED says that the step was given up behind the micro-batch in
 * hand, as *interrupted of any process was a signal: a scheduler waits for seconds, a step may take minutes. For SIGINT
 * it ends. Of settings.early ASSAY_E_NUMERIC, or a file of weights that cannot be read, may leave weights updated in
 * part: then early.torn is set, and nothing may be saved. ASSAY_E_UNEQUAL names the processes whose weights or moments
 * differ from the others' behind the step, or changed before its update (train/state_check.h). */
assay_status assay_trainer_step(assay_trainer *trainer, assay_step_record *record, assay_error *err);

/* Weights and moments of process 0 become everybody's, and where it stands (resume). Moments in slices stay as they
 * are: at zero, or what a checkpoint says of them (train/train_state.h). */
assay_status assay_trainer_follow(assay_trainer *trainer, assay_error *err);

/* Of the planned kinds of memory, what was used at most; before and after assay_trainer_finish. */
size_t assay_trainer_peak_bytes(const assay_trainer *trainer);

/* Goes on behind `step` steps (resume): the sampler's position and the schedule follow. */
assay_status assay_trainer_seek(assay_trainer *trainer, uint64_t step, assay_error *err);

#endif
