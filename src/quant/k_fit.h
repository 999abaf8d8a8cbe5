/* The scales of a sub-block of a K type, found by trying: rounding is done at several steps around the range's, each
 * time the best scale for the levels that came out is computed (least squares), and the least error wins. */
#ifndef ASSAY_QUANT_K_FIT_H
#define ASSAY_QUANT_K_FIT_H

#include <stddef.h>

/* x[i] ~ scale q[i] - minimum with q in 0 .. levels - 1; both are at least 0. count is at most 32. */
void assay_k_fit(const float *x, size_t count, int levels, float *scale, float *minimum);

/* x[i] ~ scale q[i] with q in -half .. half - 1; 0: all are zero. */
float assay_k_fit_even(const float *x, size_t count, int half);

#endif
