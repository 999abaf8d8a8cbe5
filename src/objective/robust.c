/* Bradley and Terry when a share e of the labels is flipped: the loss whose mean over such flips is that of the true
 * labels. Its slope at a large difference is -e / (1 - 2e), not 0, so it has no lower bound. */
#include "objective/objective_parts.h"

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    double x = assay_term_gap(term), flipped = settings->smoothing;
    assay_objective_cost win = assay_win_cost(x), lose = assay_win_cost(-x);
    return (assay_objective_cost){.loss = ((1 - flipped) * win.loss - flipped * lose.loss) / (1 - 2 * flipped),
                                  .slope = win.slope - flipped / (1 - 2 * flipped)};
}

const assay_objective assay_objective_robust = {.name = "robust", .needs_smoothing = true, .cost = cost};
