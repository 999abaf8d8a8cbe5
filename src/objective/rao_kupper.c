/* Rao and Kupper: a judge who cannot tell differences below log t calls a tie. With u = log t:
 * -log P(c > r) = l(x - u), -log P(r > c) = l(-x - u), -log P(tie) = l(x - u) + l(-x - u) - log(t^2 - 1).
 * By the place of t, log(t - 1): du/dplace = (t - 1) / t, and d log(t^2 - 1)/dplace = 2 t / (t + 1). */
#include "objective/objective_parts.h"

#include <math.h>

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    double theta = settings->tie_parameter, unseen = log(theta), x = assay_term_gap(term);
    double share = assay_term_share(term, settings->smoothing);
    assay_objective_cost win = assay_win_cost(x - unseen), lose = assay_win_cost(-x - unseen);
    double by_place = (theta - 1) / theta;
    win.tie_slope = -win.slope * by_place;
    lose.tie_slope = -lose.slope * by_place;
    lose.slope = -lose.slope;
    if (share != 0.5) return assay_cost_mix(share, win, 1 - share, lose);
    return (assay_objective_cost){.loss = win.loss + lose.loss - log((theta - 1) * (theta + 1)),
                                  .slope = win.slope + lose.slope,
                                  .tie_slope = win.tie_slope + lose.tie_slope - 2 * theta / (theta + 1)};
}

const assay_objective assay_objective_rao_kupper = {
    .name = "rao-kupper", .reads_labels = true, .tie_parameter = 1.5, .tie_above = 1, .cost = cost};
