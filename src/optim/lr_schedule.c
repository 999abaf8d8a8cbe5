#include "optim/lr_schedule.h"

#include <math.h>

double assay_lr_share(const assay_lr_schedule *schedule, uint64_t step)
{
    if (step < schedule->warmup) return (double)(step + 1) / (double)schedule->warmup;
    if (schedule->shape == ASSAY_LR_CONSTANT) return 1;
    double span = schedule->total > schedule->warmup ? (double)(schedule->total - schedule->warmup) : 1;
    double p = fmin((double)(step - schedule->warmup) / span, 1);
    if (schedule->shape == ASSAY_LR_LINEAR) return 1 - p;
    return schedule->floor + (1 - schedule->floor) * 0.5 * (1 + cos(M_PI * p));
}
