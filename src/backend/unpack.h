/* Packed weights as operands of a product. Their bytes are never expanded whole: a tile of lanes by k is decoded on
 * the way into the panel that a product packs anyway, and the kernels' own packing takes it from there as it takes
 * plain weights. So a product of packed weights has the bits of one of the same values in f32. */
#ifndef ASSAY_BACKEND_UNPACK_H
#define ASSAY_BACKEND_UNPACK_H

#include "backend/gemm.h"

enum { ASSAY_UNPACK_TILE = 4096 };

/* Memory for a tile: its values, and, of a matrix with to_bf16, what they are rounded to. */
typedef struct assay_unpack_tile {
    float values[ASSAY_UNPACK_TILE];
    uint16_t rounded[ASSAY_UNPACK_TILE];
} assay_unpack_tile;

bool assay_matrix_is_packed(const assay_matrix *matrix);

/* How a matrix is cut into tiles for panels of `width` lanes, at most 128: `lanes` lanes, a multiple of the width, by
 * `k` elements, a multiple of ASSAY_GROUP. Long in the direction that stored rows lie in, so that memory is read on. */
typedef struct assay_unpack_shape {
    size_t lanes, k;
} assay_unpack_shape;

assay_unpack_shape assay_matrix_unpack_shape(const assay_matrix *matrix, size_t width);

/* How many of `left` elements from k0 on a tile takes: up to the next border of tiles. */
size_t assay_unpack_step(const assay_unpack_shape *shape, size_t k0, size_t left);

/* Rows `lane` .. lane + lanes of the matrix, columns k0 .. k0 + k (at most the shape's), decoded into the tile; what
 * comes back describes what is in it, as F32 or BF16. */
assay_lanes assay_matrix_unpack(const assay_kernels *kernels, const assay_matrix *matrix, size_t lane, size_t lanes,
                                size_t k0, size_t k, assay_unpack_tile *tile);

#endif
