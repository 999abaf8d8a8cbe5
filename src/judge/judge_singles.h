/* What rewards say of single answers with labels (good or not), each of which is judged by itself.
 *
 *     accuracy      share of the answers that a label decides whose reward has the label's sign, 0 counting half; with
 *                   its 95 % Wilson interval
 *     auc           the chance that a good answer drawn at random has a larger reward than one that is not good, equal
 *                   ones counting half: it does not depend on where the rewards' zero is. NaN where one kind is missing
 *     loss          mean of p l(r) + (1 - p) l(-r), p the label
 *     reward_good, reward_bad     means of the two kinds; NaN where there are none
 */
#ifndef ASSAY_JUDGE_JUDGE_SINGLES_H
#define ASSAY_JUDGE_JUDGE_SINGLES_H

#include "data/example.h"

typedef struct assay_single_judgement {
    size_t answers, good, undecided; /* undecided: label 1/2 */
    double accuracy, accuracy_low, accuracy_high, auc, loss, reward_good, reward_bad;
} assay_single_judgement;

/* Of the set's single examples that have a label (and no attributes); rewards in the order of set->answers. answers 0:
 * there are none. */
assay_status assay_judge_singles(const assay_example_set *set, const double *rewards, assay_single_judgement *out,
                                 assay_error *err);

/* An object with these names; NULL when out of memory. NaN becomes null. */
json_t *assay_single_judgement_json(const assay_single_judgement *judgement);

#endif
