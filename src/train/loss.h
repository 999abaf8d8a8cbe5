/* The Bradley-Terry loss of a pair and its gradient.
 *
 *     loss = log(1 + exp(-(r_chosen - r_rejected - margin))) + center * (r_chosen + r_rejected)^2
 *
 * (Ouyang et al., arXiv:2203.02155; margin: Touvron et al., arXiv:2307.09288 section 3.2.2; centring: Eisenstein et
 * al., arXiv:2312.09244, TRL's center_rewards_coefficient.) Formed in double; gradients are rounded to f32 once. */
#ifndef ASSAY_TRAIN_LOSS_H
#define ASSAY_TRAIN_LOSS_H

typedef struct assay_pair_loss {
    double loss;
    double d_chosen, d_rejected;
} assay_pair_loss;

assay_pair_loss assay_bradley_terry(double chosen, double rejected, double margin, double center);

#endif
