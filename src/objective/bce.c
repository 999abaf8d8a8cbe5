/* Binary cross-entropy of one answer at a time: its reward is the log-odds that it is good, as outcome models and KTO's
 * data have it. Rewards of answers to different prompts are compared with 0 and not with each other. */
#include "objective/objective_parts.h"

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    double loss = 0;
    for (size_t i = 0; i < row->count; i++) {
        assay_objective_term term = {.difference = row->rewards[i], .share = row->share, .margin = 0, .weight = 1};
        assay_objective_cost cost = assay_share_cost(settings, &term);
        loss += cost.loss;
        slopes[i] += cost.slope;
    }
    return loss;
}

const assay_objective assay_objective_bce = {
    .name = "bce", .reads_labels = true, .of_single = true, .cost = assay_share_cost, .row = row_cost};
