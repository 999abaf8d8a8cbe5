/* Cross-entropy against a share of votes: the best difference is the share's log-odds, not infinity; of a tie, 0. */
#include "objective/objective_parts.h"

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    return assay_smoothed_win_cost(assay_term_gap(term), 1 - assay_term_share(term, settings->smoothing));
}

const assay_objective assay_objective_soft = {.name = "soft", .reads_labels = true, .cost = cost};
