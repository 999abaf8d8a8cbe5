/* A stored row lies along one of the matrix' two directions, the one whose stride is 1. Where that is k, a tile holds
 * lane after lane; else it holds one k after another, each over all lanes. */
#include "backend/unpack.h"

#include "base/sizes.h"

enum { WIDE = 128, ROWS_AHEAD = 8 };

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

/* Asks for the bytes of a run of a stored row: rows lie too far apart for the processor to guess the next one. Integers
 * in groups do not lie row by row. */
static void ask_for(const assay_matrix *matrix, size_t index, size_t count)
{
    if (matrix->parts && matrix->parts->bits) return;
    size_t block = assay_dtype_block(matrix->dtype), bytes = assay_dtype_block_bytes(matrix->dtype);
    const char *at = (const char *)matrix->data + index / block * bytes;
    for (size_t line = 0; line < count / block * bytes; line += ASSAY_CACHE_LINE) __builtin_prefetch(at + line);
}

/* What a tile takes of a matrix: rows from `row` on, of each `count` elements from `first` on. */
typedef struct unpack_rows {
    size_t row, rows, first, count;
} unpack_rows;

static size_t stored_row(const assay_matrix *matrix, size_t row) { return matrix->rows ? matrix->rows[row] : row; }

static void decode_rows(const assay_kernels *kernels, const assay_matrix *matrix, const unpack_rows *r,
                        assay_unpack_tile *tile)
{
    size_t cols = (size_t)(matrix->col_stride == 1 ? matrix->row_stride : matrix->col_stride);
    const assay_stored stored = {.data = matrix->data, .dtype = matrix->dtype, .parts = matrix->parts, .cols = cols};
    for (size_t i = 0, asked = 0; i < r->rows; i++) {
        for (; asked < r->rows && asked <= i + ROWS_AHEAD; asked++)
            ask_for(matrix, stored_row(matrix, r->row + asked) * cols + r->first, r->count);
        float *values = tile->values + (matrix->to_bf16 ? 0 : i * r->count);
        assay_stored_decode(kernels->decoders, &stored, stored_row(matrix, r->row + i), r->first, r->count, values);
        if (matrix->to_bf16) kernels->rows->narrow(values, tile->rounded + i * r->count, r->count);
    }
}

assay_lanes assay_matrix_unpack(const assay_kernels *kernels, const assay_matrix *matrix, size_t lane, size_t lanes,
                                size_t k0, size_t k, assay_unpack_tile *tile)
{
    bool along = matrix->col_stride == 1;
    size_t count = along ? k : lanes;
    const unpack_rows rows = {
        .row = along ? lane : k0, .rows = along ? lanes : k, .first = along ? k0 : lane, .count = count};
    decode_rows(kernels, matrix, &rows, tile);
    return (assay_lanes){.src = matrix->to_bf16 ? (const void *)tile->rounded : tile->values,
                         .dtype = matrix->to_bf16 ? ASSAY_BF16 : ASSAY_F32,
                         .lane_stride = along ? (ptrdiff_t)count : 1,
                         .k_stride = along ? 1 : (ptrdiff_t)count,
                         .lanes = lanes,
                         .k = k};
}
