/* The smaller and the larger of two sizes. */
#ifndef ASSAY_BASE_SIZES_H
#define ASSAY_BASE_SIZES_H

#include <stddef.h>

static inline size_t assay_smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t assay_larger(size_t a, size_t b) { return a > b ? a : b; }

#endif
