/* Stochastic rounding to bf16: a float goes to one of the two bf16 values around it, to each as likely as it is near,
 * so that what is rounded is right on average. A weight kept in bf16 alone learns by it from steps that are smaller
 * than half of the distance to the next bf16, which rounding to the nearest would lose every time.
 *
 * What is random is a function of (seed, step, weight, index) and nothing else (Philox, base/rng.h): no state is kept,
 * and threads, micro-batches, schedules and a stop in between change no bit.
 *
 * Source: Gupta et al., Deep Learning with Limited Numerical Precision, arXiv:1502.02551, section 3. */
#ifndef ASSAY_OPTIM_STOCHASTIC_H
#define ASSAY_OPTIM_STOCHASTIC_H

#include <stddef.h>
#include <stdint.h>

/* Which numbers are drawn. */
typedef struct assay_stochastic {
    uint64_t seed, step, weight;
} assay_stochastic;

enum { ASSAY_STOCHASTIC_AT_ONCE = 8 }; /* so many numbers are drawn together */

/* Rounds `count` values, those of the weight from `first` on (a multiple of ASSAY_STOCHASTIC_AT_ONCE). What is no
 * number, or infinite, stays so. */
void assay_stochastic_round(const assay_stochastic *draw, size_t first, const float *values, size_t count,
                            uint16_t *out);

#endif
