/* The best answer against all others at once, as rerankers are trained; how the others compare is not read. */
#include "objective/objective_parts.h"

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    (void)settings;
    return assay_win_cost(assay_term_gap(term));
}

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    size_t best = 1;
    double loss = 0;
    (void)settings;
    while (best < row->count && row->values[best] == row->values[0]) best++;
    for (size_t k = 0; k < best; k++) loss += assay_stage_cost(row, k, 1 / (double)best, slopes);
    return loss;
}

const assay_objective assay_objective_first_best = {
    .name = "first-best", .takes_no_smoothing = true, .cost = cost, .row = row_cost};
