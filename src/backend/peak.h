/* The yardstick of benchmarks: what multiply-adds in registers alone reach on all workers at once. */
#ifndef ASSAY_BACKEND_PEAK_H
#define ASSAY_BACKEND_PEAK_H

#include "backend/kernels.h"
#include "base/threads.h"

/* GFLOP/s of a kernel set's `spin`; takes a few milliseconds. */
double assay_peak_rate(assay_pool *pool, double (*spin)(size_t rounds));

#endif
