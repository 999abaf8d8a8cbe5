/* What a pair costs in training, and the gradient of both rewards:
 *
 *     weight * (objective(r_chosen - r_rejected) + center * (r_chosen + r_rejected)^2)
 *
 * objective/objective.h has the first part and its sources (margin: Touvron et al., arXiv:2307.09288 section 3.2.2);
 * centring: Eisenstein et al., arXiv:2312.09244, TRL's center_rewards_coefficient. Formed in double; gradients are
 * rounded to f32 once. A step's loss is the sum of its pairs' divided by the sum of their weights. */
#ifndef ASSAY_TRAIN_LOSS_H
#define ASSAY_TRAIN_LOSS_H

#include "train/trainer.h"

typedef struct assay_pair_loss {
    double loss;
    double d_chosen, d_rejected;
} assay_pair_loss;

/* The settings' objective, margin and center are read. */
assay_pair_loss assay_pair_loss_of(const assay_train_settings *settings, const assay_example *example, double chosen,
                                   double rejected);

/* What the step's loss is divided by: the weights of the picked examples; their number where all weigh nothing. */
double assay_loss_divisor(const assay_train_settings *settings, const assay_example *items, const uint32_t *picked,
                          size_t count);

#endif
