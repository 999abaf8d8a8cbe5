/* The memory of a run before anything is loaded: what it takes, whether it fits, and what else would.
 *
 *     assay_planning planning;
 *     ASSAY_TRY(assay_planning_make(&planning, &subject, err)); // that a run does not fit is no error: fits is false
 *     if (!planning.fits) return assay_planning_refuse(&planning, err);
 *
 * The subject's pointers are borrowed during the call only. Bytes of weights are exact where the checkpoint's headers
 * are open; with the config alone, matrices are taken to be of its torch_dtype. Nothing here reads a weight, but for
 * some megabytes where the plan streams them and who asks wants to know how fast that goes.
 *
 * Weights are streamed only where no plan that keeps them fits, so no plan depends on how fast a disk is but one with
 * --spill: whether values are spilled or computed again is decided by both speeds, which are measured first.
 */
#ifndef ASSAY_TASK_PLANNING_H
#define ASSAY_TASK_PLANNING_H

#include "base/json_doc.h"
#include "model/model.h"
#include "task/spill_forecast.h"
#include "task/stream_forecast.h"
#include "train/trainer.h"

/* What a run may take, in bytes. */
typedef struct assay_memory_room {
    size_t wanted; /* --memory, or 90 % of what is free */
    /* The run may take this much where nothing fits into `wanted`: the kernel kills beyond it. 0: it may not. */
    size_t most;
    /* of memory that is not mapped from files: what hard limits leave; SIZE_MAX: no limit */
    size_t own;
} assay_memory_room;

typedef struct assay_planning_subject {
    const assay_checkpoint *checkpoint;
    const assay_adapter_file *adapter; /* NULL: none */
    assay_model_options model;
    assay_train_settings settings; /* its budget is not read: `room` says it */
    assay_memory_room room;
    int64_t log_steps;                   /* steps to a line of metrics */
    size_t tokens_to_write;              /* of a tokenizer that has no files to copy; 0: it has */
    const assay_example_set *examples;   /* NULL: texts of `max_length` */
    const assay_example_set *evaluation; /* NULL: none */
    size_t max_length;
    bool cuts; /* longer answers are cut, not left out (--truncate) */
    const assay_kernels *kernels;
    int workers;
    assay_pool *pool; /* of so many threads; to see how fast they are */
    /* to be planned even where the run fits (a run that does not fit always gets them) */
    bool alternatives;
    bool alone; /* never to be planned, whatever `alternatives` says: whoever asks tries again */
    bool timed; /* how fast weights are streamed is wanted, which is measured; else no forecast is made */
} assay_planning_subject;

enum { ASSAY_PLANNING_OPTIONS = 8, ASSAY_PLANNING_ROWS = 10 };

/* Another way to run, and what its smallest or best plan is. */
typedef struct assay_plan_option {
    char text[96]; /* "--tuning head" */
    bool fits;
    assay_plan plan;      /* the best that fits; else the smallest */
    double relative_time; /* against the fastest plan of the run as asked, with unlimited memory */
} assay_plan_option;

/* A way to pay for memory with time, in micro-batches of the plan's size. */
typedef struct assay_plan_row {
    char text[64];
    bool fits;
    assay_plan plan;
    double relative_time; /* as an option's; NAN: it depends on a disk that was not looked at */
} assay_plan_row;

typedef struct assay_planning {
    bool fits;
    size_t budget;   /* that the plan was made for */
    assay_plan plan; /* the chosen one; else the smallest there is */
    assay_model_size size;
    /* of size.borrowed: weights that do not stay in memory, where the plan is `streamed`; else 0 */
    size_t streamed;
    assay_stream_forecast forecast; /* of a plan that is streamed and fits, where it is `timed` */
    assay_spill_forecast spill;     /* where the settings have a folder to spill to */
    size_t gradients, optimizer;    /* bytes */
    size_t slices;                  /* of the moments, of which `optimizer` is one; 0 or 1: it is all */
    /* where gradients were to be applied early, why the plan keeps them; "": it does not, or nobody asked */
    char kept_for[160];
    size_t weights; /* scalar weights that the program reads: a slice's, or all */
    /* of a slice that does not begin, for each token: what comes from below, and the gradient that goes there (0: none
     * does); bytes */
    size_t inlet_bytes, inlet_gradient_bytes;
    /* anonymous memory the whole process is expected to reach at most (machine/process_memory.h); without data and
     * tokenizer 24 MiB stand for both */
    size_t rss;
    int layers;
    size_t longest_pair;     /* tokens; no micro-batch is smaller */
    char longest_place[160]; /* "file:line" of that pair, its end if it is long; "": no data */
    /* With alternatives: */
    /* tokens of the largest micro-batch without and with all layers recomputed; 0: not even the longest pair */
    size_t largest_off, largest_all;
    assay_plan_option options[ASSAY_PLANNING_OPTIONS];
    size_t option_count;
    assay_plan_row rows[ASSAY_PLANNING_ROWS]; /* the menu: the plan itself first */
    size_t row_count;
} assay_planning;

assay_status assay_planning_make(assay_planning *planning, const assay_planning_subject *subject, assay_error *err);

/* The error of a run that does not fit: the figures, and the nearest settings that would, in order of cost. */
assay_status assay_planning_refuse(const assay_planning *planning, assay_error *err);

/* What `assay plan --json` and the library's plan say: the plan, and where it does not fit the refusal's sentence as
 * "reason". NULL: out of memory. */
json_t *assay_planning_json(const assay_planning *planning);

#endif
