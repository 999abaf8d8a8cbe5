/* Seconds on a clock that only goes forward; for durations, never for anything that ends up in a reproducible file. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

double assay_clock_seconds(void);

#endif
