/* How sure a share is: the score interval of E. B. Wilson, Journal of the American Statistical Association 22, 1927. */
#ifndef ASSAY_BASE_WILSON_H
#define ASSAY_BASE_WILSON_H

/* The 95 % interval of `hits` out of `count`; NaN for count 0. */
void assay_wilson_interval(double hits, double count, double *low, double *high);

#endif
