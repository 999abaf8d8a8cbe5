/* Every answer of a list against every other, divided by the number of couples: a prompt with nine answers weighs as
 * much as one with two, and its answers are computed once, not once for each couple. */
#include "objective/objective_parts.h"

#include <math.h>

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    double loss = 0, compared = 0;
    for (size_t i = 0; i < row->count; i++)
        for (size_t j = i + 1; j < row->count; j++) {
            bool equal = row->values[i] == row->values[j];
            if (equal && !row->equal_is_tie) continue;
            assay_objective_term term = {.difference = row->rewards[i] - row->rewards[j],
                                         .share = equal ? 0.5 : (double)NAN,
                                         .margin = row->margin,
                                         .weight = 1};
            assay_objective_cost cost = assay_share_cost(settings, &term);
            loss += cost.loss;
            slopes[i] += cost.slope;
            slopes[j] -= cost.slope;
            compared++;
        }
    if (compared == 0) return 0;
    for (size_t i = 0; i < row->count; i++) slopes[i] /= compared;
    return loss / compared;
}

const assay_objective assay_objective_all_pairs = {
    .name = "all-pairs", .reads_labels = true, .cost = assay_share_cost, .row = row_cost};
