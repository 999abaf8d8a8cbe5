/* Moments in eight bits: blocks of 256 values share the largest magnitude among them, and a byte says where between 0
 * and it a value lies.
 *
 *     float map[256];
 *     assay_dynamic_map(map, true);                              // of values with a sign; false: of squares
 *     assay_dynamic_pack(map, values, count, codes, &largest);   // count at most ASSAY_DYNAMIC_BLOCK
 *     assay_dynamic_unpack(map, codes, count, largest, values);
 *
 * The bytes' values are fine near 0 and coarse near 1: their exponent takes as many bits as it needs, and what is left
 * is the fraction. The value that is nearest is taken, of two equally near the smaller. A block of zeros unpacks to
 * zeros. Each block stands alone, so bits do not depend on who computes which.
 *
 * Source: Dettmers et al., 8-bit Optimizers via Block-wise Quantization, arXiv:2110.02861; the values are those of
 * bitsandbytes (functional.py, create_dynamic_map).
 */
#ifndef ASSAY_OPTIM_DYNAMIC_MAP_H
#define ASSAY_OPTIM_DYNAMIC_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_DYNAMIC_CODES = 256, ASSAY_DYNAMIC_BLOCK = 256 };

/* Rising, from -1 (has_sign; the least is a little above) or 0 to 1. */
void assay_dynamic_map(float map[ASSAY_DYNAMIC_CODES], bool has_sign);

/* *largest: the largest magnitude; values that are no number make it none, and the whole block with it. */
void assay_dynamic_pack(const float map[ASSAY_DYNAMIC_CODES], const float *values, size_t count, uint8_t *codes,
                        float *largest);
void assay_dynamic_unpack(const float map[ASSAY_DYNAMIC_CODES], const uint8_t *codes, size_t count, float largest,
                          float *values);

#endif
