/* How fast this machine multiplies, in FLOPs a second: small products as a step of the program has them, for a tenth of
 * a second. Kernels and pool are borrowed during the call. */
#ifndef ASSAY_TASK_ARITHMETIC_SPEED_H
#define ASSAY_TASK_ARITHMETIC_SPEED_H

#include "program/program.h"

assay_status assay_arithmetic_speed(const assay_program *program, const assay_kernels *kernels, assay_pool *pool,
                                    double *speed, assay_error *err);

#endif
