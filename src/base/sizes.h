/* The smaller and the larger of two sizes; of bytes that the system counts, which 32 bits do not hold, too; and how
 * many parts of a size make a whole, the last of them cut. */
#ifndef ASSAY_BASE_SIZES_H
#define ASSAY_BASE_SIZES_H

#include <stddef.h>
#include <stdint.h>

static inline size_t assay_smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t assay_larger(size_t a, size_t b) { return a > b ? a : b; }
static inline uint64_t assay_smaller_bytes(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t assay_larger_bytes(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline size_t assay_divide_up(size_t whole, size_t part) { return whole / part + (whole % part > 0); }

#endif
