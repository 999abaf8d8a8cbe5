/* The logistic loss and its mixtures, of which most objectives are made. */
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
                                  .slope = first * a.slope + second * b.slope};
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
