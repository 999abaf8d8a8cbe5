#include "train/loss.h"

#include <math.h>

assay_pair_loss assay_bradley_terry(double chosen, double rejected, double margin, double center)
{
    double x = chosen - rejected - margin, sum = chosen + rejected;
    double softplus = x > 0 ? log1p(exp(-x)) : -x + log1p(exp(x));
    double slope = x > 0 ? -exp(-x) / (1 + exp(-x)) : -1 / (1 + exp(x));
    return (assay_pair_loss){.loss = softplus + center * sum * sum,
                             .d_chosen = slope + 2 * center * sum,
                             .d_rejected = -slope + 2 * center * sum};
}
