/* A stored row lies along one of the matrix' two directions, the one whose stride is 1. Where that is k, a tile holds
 * lane after lane; else it holds one k after another, each over all lanes. */
#include "backend/unpack.h"

#include "base/sizes.h"

enum { WIDE = 128 };

bool assay_matrix_is_packed(const assay_matrix *matrix) { return assay_dtype_is_packed(matrix->dtype); }

assay_unpack_shape assay_matrix_unpack_shape(const assay_matrix *matrix, size_t width)
{
    if (matrix->col_stride == 1)
        return (assay_unpack_shape){.lanes = width, .k = ASSAY_UNPACK_TILE / width / ASSAY_GROUP * ASSAY_GROUP};
    return (assay_unpack_shape){.lanes = WIDE / width * width, .k = ASSAY_UNPACK_TILE / WIDE};
}

size_t assay_unpack_step(const assay_unpack_shape *shape, size_t k0, size_t left)
{
    return assay_smaller(left, shape->k - k0 % shape->k);
}

assay_lanes assay_matrix_unpack(const assay_kernels *kernels, const assay_matrix *matrix, size_t lane, size_t lanes,
                                size_t k0, size_t k, assay_unpack_tile *tile)
{
    bool along = matrix->col_stride == 1;
    size_t rows = along ? lanes : k, count = along ? k : lanes;
    const assay_stored stored = {.data = matrix->data,
                                 .dtype = matrix->dtype,
                                 .parts = matrix->parts,
                                 .cols = (size_t)(along ? matrix->row_stride : matrix->col_stride)};
    for (size_t i = 0; i < rows; i++) {
        size_t row = (along ? lane : k0) + i;
        assay_stored_decode(kernels->decoders, &stored, matrix->rows ? matrix->rows[row] : row, along ? k0 : lane,
                            count, tile->values + i * count);
    }
    if (matrix->to_bf16) kernels->rows->narrow(tile->values, tile->rounded, rows * count);
    return (assay_lanes){.src = matrix->to_bf16 ? (const void *)tile->rounded : tile->values,
                         .dtype = matrix->to_bf16 ? ASSAY_BF16 : ASSAY_F32,
                         .lane_stride = along ? (ptrdiff_t)count : 1,
                         .k_stride = along ? 1 : (ptrdiff_t)count,
                         .lanes = lanes,
                         .k = k};
}
