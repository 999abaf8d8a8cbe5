/* Bradley and Terry where a pair counts as much as its margin says: graded preferences are degrees of certainty and
 * ask for no distance between the rewards. */
#include "objective/objective_parts.h"

#include <math.h>

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    double scale = isnan(term->margin) ? 1 : term->margin;
    assay_objective_cost plain = assay_smoothed_win_cost(term->difference, settings->smoothing);
    return (assay_objective_cost){.loss = scale * plain.loss, .slope = scale * plain.slope};
}

const assay_objective assay_objective_scaled_bt = {.name = "scaled-bt", .scales_by_margin = true, .cost = cost};
