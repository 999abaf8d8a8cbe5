/* Values in a byte each: blocks share the largest magnitude among them, the scale, and a byte says where between 0 and
 * it a value lies. So bitsandbytes keeps the moments of its optimizers, and the scales of nested NF4.
 *
 *     float map[ASSAY_DYNAMIC_LEVELS];
 *     assay_dynamic_map(map, true);                               // of values with a sign; false: of squares
 *     assay_dynamic_levels(map, values, count, scale, levels);    // a block, or a shorter last one
 *     assay_dynamic_values(map, levels, count, scale, values);
 *
 * The map is fine near 0 and coarse near 1: a level's exponent takes as many bits as it needs, and what is left is the
 * fraction. The value that is nearest is taken, of two as near the lower. A scale that is no number gives none back.
 *
 * Source: Dettmers et al., 8-bit Optimizers via Block-wise Quantization, arXiv:2110.02861. Map and rounding are
 * bitsandbytes' to the bit (functional.py, create_dynamic_map; backends/default/ops.py, quantize_blockwise); its kernel
 * for processors (0.50.2) does not always take the nearest value.
 */
#ifndef ASSAY_QUANT_DYNAMIC_MAP_H
#define ASSAY_QUANT_DYNAMIC_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_DYNAMIC_LEVELS = 256, ASSAY_DYNAMIC_BLOCK = 256 };

/* Rising to 1, from 0 or (has_sign) from a little above -1. */
void assay_dynamic_map(float map[ASSAY_DYNAMIC_LEVELS], bool has_sign);

/* count: at most ASSAY_DYNAMIC_BLOCK. scale: the largest of their magnitudes. */
void assay_dynamic_levels(const float map[ASSAY_DYNAMIC_LEVELS], const float *values, size_t count, float scale,
                          uint8_t *levels);
void assay_dynamic_values(const float map[ASSAY_DYNAMIC_LEVELS], const uint8_t *levels, size_t count, float scale,
                          float *values);

#endif
