/* Packed weights as operands of a product. Their bytes are never expanded whole: a tile of lanes by k is decoded on
 * the way into the panel that a product packs anyway, and the kernels' own packing takes it from there as it takes
 * plain weights. So a product of packed weights has the bits of one of the same values in f32. */
#ifndef ASSAY_BACKEND_UNPACK_H
#define ASSAY_BACKEND_UNPACK_H

#include "backend/gemm.h"

enum { ASSAY_UNPACK_LANES = 128, ASSAY_UNPACK_TILE = ASSAY_UNPACK_LANES * ASSAY_GROUP };

/* Memory for a tile: its values, and, of a matrix with to_bf16, what they are rounded to. */
typedef struct assay_unpack_tile {
    float values[ASSAY_UNPACK_TILE];
    uint16_t rounded[ASSAY_UNPACK_TILE];
} assay_unpack_tile;

bool assay_matrix_is_packed(const assay_matrix *matrix);

/* How many of k elements from k0 on a tile takes: up to the next border of groups. */
size_t assay_unpack_step(size_t k0, size_t k);

/* Rows `lane` .. lane + lanes of the matrix (at most ASSAY_UNPACK_LANES), columns k0 .. k0 + k (at most ASSAY_GROUP),
 * decoded into the tile; what comes back describes what is in it, as F32 or BF16. */
assay_lanes assay_matrix_unpack(const assay_kernels *kernels, const assay_matrix *matrix, size_t lane, size_t lanes,
                                size_t k0, size_t k, assay_unpack_tile *tile);

#endif
