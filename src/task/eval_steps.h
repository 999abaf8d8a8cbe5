/* `assay eval` on answers in labelled steps (data/step_file.h), for models that score steps.
 *
 *     bool steps;
 *     ASSAY_TRY(assay_step_input_are(&steps, &options->data, err)); // task/step_input.h
 *     if (steps) ASSAY_TRY(assay_step_verdict_make(&verdict, options, context, err));
 *     ...
 *     assay_step_verdict_release(&verdict);
 */
#ifndef ASSAY_TASK_EVAL_STEPS_H
#define ASSAY_TASK_EVAL_STEPS_H

#include "data/step_file.h"
#include "judge/judge_steps.h"
#include "options/options.h"
#include "task/context.h"

typedef struct assay_step_subset {
    const char *name; /* of the record, or where there are several files the file's */
    assay_step_judgement judgement;
} assay_step_subset;

typedef struct assay_step_verdict {
    assay_step_set set;
    assay_step_judgement judgement;
    assay_step_subset *subsets; /* in the order they came; none where nothing is named */
    size_t subset_count, subset_capacity;
    double mean_f1;       /* over the subsets, as ProcessBench has it; NaN: there are none */
    size_t left_out, bad; /* answers that are too long; lines that could not be read (--skip-bad-lines) */
} assay_step_verdict;

/* Opens and closes options->model. ASSAY_E_UNSUPPORTED: it scores no steps. */
assay_status assay_step_verdict_make(assay_step_verdict *verdict, const assay_options *options,
                                     const assay_task_context *context, assay_error *err);
void assay_step_verdict_release(assay_step_verdict *verdict); /* safe on a zeroed one */

#endif
