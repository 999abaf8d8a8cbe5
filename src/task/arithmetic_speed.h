/* How fast this machine multiplies, seen by doing it for a tenth of a second: what forecasts of time are made of. */
#ifndef ASSAY_TASK_ARITHMETIC_SPEED_H
#define ASSAY_TASK_ARITHMETIC_SPEED_H

#include "backend/kernels.h"
#include "base/threads.h"

/* *speed: FLOPs a second of the pool's threads together, in products of matrices as large as a small model's. */
assay_status assay_arithmetic_speed(const assay_kernels *kernels, assay_pool *pool, bool bf16, double *speed,
                                    assay_error *err);

#endif
