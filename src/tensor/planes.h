/* f32 values in two planes of 16 bits: the high one is each value rounded to bf16 (nearest even), which products read
 * as it lies there, the low one what is left of its bits. Together they are the values, bit for bit, and no bit is held
 * twice.
 *
 *     size_t bytes;
 *     if (!assay_planes_bytes(count, &bytes)) return ASSAY_E_NO_FIT; // too large
 *     assay_planes planes = assay_planes_at(memory, count); // memory of so many bytes, the caller's
 *     assay_planes_split(&planes, 0, values, count);        // values -> planes
 *     assay_planes_join(&planes, 0, values, count);         // planes -> values
 *
 * In memory:
 *
 *     high [count] | low [count] | ties [blocks of ASSAY_PLANES_BLOCK]
 *
 * Where rounding went up, the upper half of a value is one less than its high plane; that the low half is above 0x8000
 * says so. At 0x8000 itself, a tie, both may have happened: each even bf16 is what 65537 floats round to. The ties that
 * went up are therefore a chain: `ties` has the first of a block, the low plane there the next, and
 * ASSAY_PLANES_BLOCK ends it. (Consistent overhead byte stuffing, Cheshire & Baker 1999, has the same trick.)
 *
 * NaN stays NaN, quiet, with its sign and the lower half of its bits. A product that flushes subnormal numbers while it
 * packs floats (vcvtneps2bf16) and finds one here that rounding made the smallest normal number, 1.2e-38, keeps it.
 */
#ifndef ASSAY_TENSOR_PLANES_H
#define ASSAY_TENSOR_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_PLANES_BLOCK = 256 };

/* Borrowed memory; high NULL: there are none. */
typedef struct assay_planes {
    uint16_t *high, *low, *ties;
} assay_planes;

/* Of `count` values; false: they overflow. */
bool assay_planes_bytes(size_t count, size_t *bytes);

assay_planes assay_planes_at(void *memory, size_t count);

/* Values from `first` on, a multiple of the block; `count` is one too, or reaches the last value. */
void assay_planes_split(const assay_planes *planes, size_t first, const float *values, size_t count);

/* Values from `first` on, any number of them that there are. */
void assay_planes_join(const assay_planes *planes, size_t first, float *values, size_t count);

#endif
