/* Best of N: does the judge put a right answer first? RewardBench 2 (Malik et al., arXiv:2506.01937; scripts/run_v2.py,
 * rewardbench/utils.py).
 *
 * An ordinary choice is credited with the share of right answers among those at the highest reward: 1 where a right
 * answer alone is highest, 1/2 where a right and a wrong one share the place.
 *
 * The subset "Ties" (any case) asks more. Its choices come two by two, "ref:N" with one right answer and "tied:N" with
 * several. Of a choice,
 *     spread = highest - lowest right reward,    gap = lowest right - highest wrong reward,    it is right where gap >
 *     0.
 * score = 0.3 right share of tied + 0.3 right share of ref + 0.2 share of N with gap(tied) > spread(tied)
 *       + 0.2 share of N with min(gap(ref), gap(tied)) > spread(tied) + 0.01 mean of tanh(min(gaps) / spread(tied) - 1)
 * over the N that have both; the mean's term of a spread of 0 is tanh of what the quotient tends to (1 for a gap above
 * 0, -1 below, 0 for 0 / 0).
 *
 * The benchmark's score is the plain mean over subsets.
 */
#ifndef ASSAY_JUDGE_JUDGE_CHOICES_H
#define ASSAY_JUDGE_JUDGE_CHOICES_H

#include "base/json_doc.h"

typedef struct assay_judged_choice {
    const double *rewards; /* right answers first; finite */
    size_t count, correct;
    const char *id, *subset; /* NULL: none */
} assay_judged_choice;

typedef struct assay_choice_subset {
    const char *name; /* "" for choices without one */
    size_t choices;
    double credit;              /* sum; of Ties: choices that are right */
    double accuracy, low, high; /* low, high: 95 % Wilson; accuracy of Ties is its score, and has no interval (NaN) */
    double chance;              /* mean share of right answers: what a judge without knowledge reaches */
    bool ties;
} assay_choice_subset;

typedef struct assay_choices {
    size_t choices;
    double credit, accuracy, low, high; /* of the ordinary ones; NaN where there are none */
    assay_choice_subset *subsets;
    size_t subset_count, subset_capacity;
    double score;
    double tied_accuracy, ref_accuracy, preferred, preferred_hard, margin_score; /* of Ties; NaN: there is none */
} assay_choices;

double assay_choice_credit(const assay_judged_choice *choice);

assay_status assay_choices_make(assay_choices *out, const assay_judged_choice *choices, size_t count, assay_error *err);
void assay_choices_release(assay_choices *choices);       /* safe on a zeroed one */
json_t *assay_choices_json(const assay_choices *choices); /* NULL when out of memory */

#endif
