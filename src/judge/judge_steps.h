/* What scores of steps say about a process reward model: a step is called right where its score is at least 1/2.
 *
 *     steps         labelled ones: those whose label is above or below 1/2
 *     accuracy      share of them that are called as they are labelled; its 95 % Wilson interval takes the steps of one
 *                   answer for independent, which they are not quite
 *     loss          mean of -(p log s + (1 - p) log(1 - s)) over the steps with a label p, s the score
 *     first error   ProcessBench's rule (QwenLM/ProcessBench, code/run_eval_prm_trl.py; Zheng et al.,
 *                   arXiv:2412.06559): the first step that is called wrong must be the first that is labelled so, and
 *                   of an answer without a wrong step none may be called wrong. The share of each kind of answer that
 *                   is met, with its interval, and F1, their harmonic mean
 */
#ifndef ASSAY_JUDGE_JUDGE_STEPS_H
#define ASSAY_JUDGE_JUDGE_STEPS_H

#include "base/json_doc.h"

/* One answer: borrowed lists of `count` elements. */
typedef struct assay_judged_steps {
    const double *scores, *labels; /* label NaN: nobody said */
    size_t count;
} assay_judged_steps;

typedef struct assay_step_tally {
    double hits, low, high; /* share of `count`, and its interval; NaN where count is 0 */
    size_t count;
} assay_step_tally;

typedef struct assay_step_judgement {
    size_t answers, loss_count;
    double loss, f1;
    assay_step_tally steps, wrong, right; /* steps; answers with a wrong step; answers without */
} assay_step_judgement;

/* On a zeroed judgement, once for each answer; then once assay_step_judgement_finish. */
void assay_step_judgement_add(assay_step_judgement *judgement, const assay_judged_steps *answer);
void assay_step_judgement_finish(assay_step_judgement *judgement);

/* Of a finished one: the share of all answers whose first error is met. */
double assay_step_judgement_met(const assay_step_judgement *judgement);

/* {"answers", "steps", "accuracy", "accuracy_low", "accuracy_high", "loss", "first_error": {...}}; NULL when out of
 * memory. NaN becomes null. */
json_t *assay_step_judgement_json(const assay_step_judgement *judgement);

#endif
