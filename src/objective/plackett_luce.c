/* Plackett and Luce: a ranking is made by picking the best, then the best of the rest, and so on, each with the
 * probability that a softmax over what is left gives it. */
#include "objective/objective_parts.h"

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    (void)settings;
    return assay_win_cost(assay_term_gap(term));
}

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    double loss = 0;
    (void)settings;
    for (size_t k = 0; k < row->count; k++) loss += assay_stage_cost(row, k, 1, slopes);
    return loss;
}

const assay_objective assay_objective_plackett_luce = {
    .name = "plackett-luce", .takes_no_smoothing = true, .cost = cost, .row = row_cost};
