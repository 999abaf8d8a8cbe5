/* Bradley and Terry: the chosen answer wins with probability sigmoid(r_chosen - r_rejected). */
#include "objective/objective_parts.h"

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    return assay_smoothed_win_cost(assay_term_gap(term), settings->smoothing);
}

const assay_objective assay_objective_bt = {.name = "bt", .cost = cost};
