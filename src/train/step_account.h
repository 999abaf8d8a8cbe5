/* What a step's line of metrics is made of, example by example.
 *
 *     assay_step_pairs step = assay_step_pairs_of(settings, examples, picked, count);
 *     assay_step_account(record, &step, examples, &examples->items[i], rewards); // as often as there are examples
 *     assay_step_account_end(record, &step);
 *
 * Of single answers with labels accuracy asks whether the reward's sign is the label's, and chosen and rejected are the
 * means over answers labelled good and the others (NaN where there are none). Of attributes all of these are NaN. Of
 * answers in steps accuracy is that of the labelled steps, chosen and rejected are the mean scores of those labelled
 * right and wrong, and first_error says how many answers have their first wrong step found, or rightly none.
 */
#ifndef ASSAY_TRAIN_STEP_ACCOUNT_H
#define ASSAY_TRAIN_STEP_ACCOUNT_H

#include "train/trainer.h"

/* The examples of a step and what its means are divided by. */
typedef struct assay_step_pairs {
    const uint32_t *picked; /* borrowed */
    /* decided: those whose label, if any, prefers chosen; of single ones, is not 1/2; of answers in steps, such steps
     */
    size_t count, decided;
    size_t good; /* single answers, or steps, whose label is above 1/2 */
    bool single, of_steps;
    bool graded; /* numbers are learned: no answer is better than another, and the loss alone is told */
    double weight;
} assay_step_pairs;

assay_step_pairs assay_step_pairs_of(const assay_train_settings *settings, const assay_example_set *examples,
                                     const uint32_t *picked, size_t count);

/* rewards: the example's, best answer first; of steps, all their logits. The loss is for the caller to add. */
void assay_step_account(assay_step_record *record, const assay_step_pairs *step, const assay_example_set *examples,
                        const assay_example *example, const double *rewards);
void assay_step_account_end(assay_step_record *record, const assay_step_pairs *step);

#endif
