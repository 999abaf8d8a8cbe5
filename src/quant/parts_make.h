/* Making weights of several tensors (parts_type.h) as bitsandbytes makes them: backends/default/ops.py, quantize_4bit,
 * quantize_blockwise and int8_vectorwise_quant, and nn/modules.py, Int8Params. Its rules are followed to the bit; what
 * they leave open, an INT8 row of zeros (0 / 0), becomes zeros. All values must be finite. Dividing and multiplying by
 * the inverse differ in the last bit, and it does both: whole blocks are multiplied, a last one that is short is
 * divided.
 *
 *     float scale = assay_parts_largest(values, count);              // of a block, or of a row of INT8
 *     assay_nf4_levels(values, count, scale, levels);                // a byte a value: the caller packs two into one
 */
#ifndef ASSAY_QUANT_PARTS_MAKE_H
#define ASSAY_QUANT_PARTS_MAKE_H

#include <stddef.h>
#include <stdint.h>

/* Elements of a block, as bitsandbytes takes them by itself; nested scales are values of dynamic_map.h. */
enum { ASSAY_NF4_BLOCK = 64, ASSAY_NF4_ZERO = 7 };

float assay_parts_largest(const float *src, size_t count); /* of the absolute values */

/* At most ASSAY_NF4_BLOCK values of one block; of two values that are as near, the lower. */
void assay_nf4_levels(const float *src, size_t count, float scale, uint8_t *levels);

/* A row, or a part of one. Values are rounded to f16 first, as bitsandbytes does, and should be its scale's source in
 * that form: assay_int8_round. */
void assay_int8_round(float *values, size_t count);
void assay_int8_levels(const float *src, size_t count, float scale, uint8_t *levels);

#endif
