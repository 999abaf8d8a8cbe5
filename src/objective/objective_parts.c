/* The logistic loss and its mixtures, of which most objectives of pairs are made, and the stage, of which those of
 * rankings are. */
#include "objective/objective_parts.h"

#include <math.h>

assay_objective_cost assay_win_cost(double x)
{
    return (assay_objective_cost){.loss = x > 0 ? log1p(exp(-x)) : -x + log1p(exp(x)),
                                  .slope = x > 0 ? -exp(-x) / (1 + exp(-x)) : -1 / (1 + exp(x))};
}

assay_objective_cost assay_cost_mix(double first, assay_objective_cost a, double second, assay_objective_cost b)
{
    return (assay_objective_cost){.loss = first * a.loss + second * b.loss,
                                  .slope = first * a.slope + second * b.slope,
                                  .tie_slope = first * a.tie_slope + second * b.tie_slope};
}

/* l(-x) falls where x rises. */
static assay_objective_cost lose_cost(double x)
{
    assay_objective_cost cost = assay_win_cost(-x);
    return (assay_objective_cost){.loss = cost.loss, .slope = -cost.slope};
}

assay_objective_cost assay_smoothed_win_cost(double x, double smoothing)
{
    if (smoothing == 0) return assay_win_cost(x);
    return assay_cost_mix(1 - smoothing, assay_win_cost(x), smoothing, lose_cost(x));
}

double assay_term_gap(const assay_objective_term *term)
{
    double margin = isnan(term->margin) || term->share == 0.5 ? 0 : term->margin;
    return term->difference - margin;
}

double assay_term_share(const assay_objective_term *term, double smoothing)
{
    double share = isnan(term->share) ? 1 : term->share;
    if (share == 0.5) return share;
    return (1 - smoothing) * share + smoothing * (1 - share);
}

assay_objective_cost assay_share_cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    return assay_smoothed_win_cost(assay_term_gap(term), 1 - assay_term_share(term, settings->smoothing));
}

/* The first answer that is worse than k. */
static size_t first_worse(const assay_objective_row *row, size_t k)
{
    size_t j = k + 1;
    while (j < row->count && row->values[j] == row->values[k]) j++;
    return j;
}

/* Everything is divided by the largest power, so that none overflows. */
double assay_stage_cost(const assay_objective_row *row, size_t k, double scale, double *slopes)
{
    size_t worse = first_worse(row, k);
    if (worse == row->count) return 0;
    double own = row->rewards[k] - (isnan(row->margin) ? 0 : row->margin), most = own;
    for (size_t j = worse; j < row->count; j++) most = fmax(most, row->rewards[j]);
    double others = 0, self = exp(own - most);
    for (size_t j = worse; j < row->count; j++) others += exp(row->rewards[j] - most);
    for (size_t j = worse; j < row->count; j++) slopes[j] += scale * exp(row->rewards[j] - most) / (self + others);
    slopes[k] -= scale * others / (self + others);
    return scale * (own == most ? log1p(others) : log(self + others) + (most - own));
}
