/* What rewards of pairs say about the model that gave them.
 *
 *     accuracy            share of pairs with r_chosen > r_rejected, a tie counts half; with its 95 % Wilson interval
 *     longer_wins         what picking the longer answer (in characters) would reach, a tie counts half: the baseline
 *                         to beat
 *     length_correlation  Pearson, reward against the answer's length in characters, over all answers; NaN where
 *                         either does not vary
 *     loss                mean of log(1 + exp(-(r_chosen - r_rejected))), whatever objective the model was trained
 * with: models can be compared by it mse, mae            MedicalGPT's: between chosen and rejected rewards; they grow
 * when the model improves and when it gets everything wrong
 */
#ifndef ASSAY_JUDGE_JUDGE_H
#define ASSAY_JUDGE_JUDGE_H

#include "judge/judge_attributes.h"
#include "judge/judge_steps.h"
#include "judge/reward_scale.h"

typedef struct assay_judgement {
    size_t pairs, ties;
    double accuracy, accuracy_low, accuracy_high, loss, margin, reward_chosen, reward_rejected;
    double longer_wins, length_correlation, mse, mae;
    bool graded; /* of answers with attributes; the next are set, and accuracy and what compares is NaN */
    double r2, pearson,
        spearman;  /* means over attributes (judge/judge_attributes.h); loss is their mean square error */
    bool of_steps; /* of answers in steps: accuracy is that of steps, pairs the answers, and this is the rest */
    assay_step_judgement steps;
    assay_reward_scale scale; /* of all the rewards, for those who store it; not among the keys below */
} assay_judgement;

/* rewards as assay_score_examples gives them for all examples of the set. Single answers with labels beside pairs are
 * left out; where there are no pairs, accuracy and loss are judge/judge_singles.h's, chosen are the good answers,
 * rejected the others, and what has no meaning is NaN. Of answers in steps, whose rewards are the scores of their
 * steps, all is judge/judge_steps.h's. */
assay_status assay_judge(const assay_example_set *set, const double *rewards, assay_judgement *out, assay_error *err);

/* The same of answers with attributes: what attributes (judge/judge_attributes.h) says in short. */
assay_status assay_judge_graded(const assay_example_set *set, const double *rewards,
                                const assay_attributes_judgement *attributes, assay_judgement *out, assay_error *err);

/* The keys of `eval --json`; NULL when out of memory. NaN becomes null. */
json_t *assay_judgement_json(const assay_judgement *judgement);

#endif
