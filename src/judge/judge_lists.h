/* What rewards say of lists of answers: not only of the best and the worst, as judge/judge.h does.
 *
 *     compared, ties   couples of answers of which one is better by the label; couples of equal label that were
 * compared accuracy         share of the compared couples in which the better answer has the larger reward, equal
 * rewards counting half. Couples of one list are not independent: the 95 % interval is that of a ratio over lists
 * (Cochran, Sampling Techniques, 1977, section 2.11), cut at 0 and 1 top              share of lists whose highest
 * reward is on a best answer (with others at that reward, their share), with its Wilson interval tau              mean
 * over lists of Kendall's tau-b (M. G. Kendall, Biometrika 33, 1945), 0 where all rewards are equal, with the normal 95
 * % interval of a mean tie_gap          mean of |r_i - r_j| over ties, decided_gap over the compared: a judge that
 * knows ties has the first well below the second
 */
#ifndef ASSAY_JUDGE_JUDGE_LISTS_H
#define ASSAY_JUDGE_JUDGE_LISTS_H

#include "data/example.h"

typedef struct assay_list_judgement {
    size_t lists, answers, compared, ties;
    double accuracy, accuracy_low, accuracy_high;
    double top, top_low, top_high;
    double tau, tau_low, tau_high; /* NaN: fewer than two lists have no interval */
    double tie_gap, decided_gap;   /* NaN: there are none */
} assay_list_judgement;

/* Of the set's examples with more than two answers; rewards in the order of set->answers. lists 0: there are none, and
 * nothing else is set. */
void assay_judge_lists(const assay_example_set *set, const double *rewards, assay_list_judgement *out);

/* An object with these names; NULL when out of memory. NaN becomes null. */
json_t *assay_list_judgement_json(const assay_list_judgement *judgement);

#endif
