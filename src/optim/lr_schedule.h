/* The learning rate of a step as a share of its peak.
 *
 * Warm-up: step t (from 0) of w gets (t + 1) / w, so the first step already learns (Transformers' first step has rate
 * 0). Then with p = (t - w) / (total - w): constant 1; linear 1 - p; cosine floor + (1 - floor) * (1 + cos(pi p)) / 2.
 */
#ifndef ASSAY_OPTIM_LR_SCHEDULE_H
#define ASSAY_OPTIM_LR_SCHEDULE_H

#include <stdint.h>

typedef enum assay_lr_shape { ASSAY_LR_COSINE, ASSAY_LR_LINEAR, ASSAY_LR_CONSTANT } assay_lr_shape;

typedef struct assay_lr_schedule {
    assay_lr_shape shape;
    uint64_t total, warmup; /* steps */
    double floor;           /* cosine only */
} assay_lr_schedule;

double assay_lr_share(const assay_lr_schedule *schedule, uint64_t step);

#endif
