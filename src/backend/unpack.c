/* A stored row lies along one of the matrix' two directions, the one whose stride is 1. Where that is k, a tile holds
 * lane after lane; else it holds one k after another, each over all lanes. */
#include "backend/unpack.h"

bool assay_matrix_is_packed(const assay_matrix *matrix) { return assay_dtype_block(matrix->dtype) > 1; }

size_t assay_unpack_step(size_t k0, size_t k)
{
    size_t border = ASSAY_GROUP - k0 % ASSAY_GROUP;
    return k < border ? k : border;
}

static const uint8_t *stored_row(const assay_matrix *matrix, size_t columns, size_t row)
{
    size_t bytes = columns / assay_dtype_block(matrix->dtype) * assay_dtype_block_bytes(matrix->dtype);
    return (const uint8_t *)matrix->data + (matrix->rows ? matrix->rows[row] : row) * bytes;
}

assay_lanes assay_matrix_unpack(const assay_matrix *matrix, size_t lane, size_t lanes, size_t k0, size_t k, float *tile)
{
    bool along = matrix->col_stride == 1;
    size_t columns = (size_t)(along ? matrix->row_stride : matrix->col_stride), rows = along ? lanes : k,
           count = along ? k : lanes;
    for (size_t i = 0; i < rows; i++)
        assay_dtype_run_to_f32(matrix->dtype, stored_row(matrix, columns, (along ? lane : k0) + i), along ? k0 : lane,
                               count, tile + i * count);
    if (matrix->to_bf16) assay_dtype_round_bf16(tile, rows * count);
    return (assay_lanes){.src = tile,
                         .dtype = ASSAY_F32,
                         .lane_stride = along ? (ptrdiff_t)count : 1,
                         .k_stride = along ? 1 : (ptrdiff_t)count,
                         .lanes = lanes,
                         .k = k};
}
