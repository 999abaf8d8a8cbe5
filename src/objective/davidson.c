/* Davidson: a tie is as likely as n times the geometric mean of the two wins. Everything is divided by the larger of
 * e^(x/2) and e^(-x/2): with a = |x| and z = 1 + e^-a + n e^(-a/2), log D = a/2 + log z and
 * d log D / dx = sign(x)/2 (1 - e^-a) / z. By the place of n, log n: d log D = n e^(-a/2) / z. */
#include "objective/objective_parts.h"

#include <math.h>

static assay_objective_cost cost(const assay_objective_settings *settings, const assay_objective_term *term)
{
    double nu = settings->tie_parameter, x = assay_term_gap(term), size = fabs(x);
    double tied = nu * exp(-size / 2), rest = exp(-size) + tied, tie_slope = tied / (1 + rest);
    double log_sum = size / 2 + log1p(rest), slope = copysign(-expm1(-size), x) / (2 * (1 + rest));
    double share = assay_term_share(term, settings->smoothing);
    if (share == 0.5)
        return (assay_objective_cost){.loss = log_sum - log(nu), .slope = slope, .tie_slope = tie_slope - 1};
    return (assay_objective_cost){
        .loss = log_sum - (share - 0.5) * x, .slope = slope - (share - 0.5), .tie_slope = tie_slope};
}

const assay_objective assay_objective_davidson = {
    .name = "davidson", .reads_labels = true, .tie_parameter = 0.5, .tie_above = 0, .cost = cost};
