#include "backend/gemm.h"

#include "backend/gemm_split.h"
#include "backend/unpack.h"
#include "base/sizes.h"

#include <assert.h>
#include <string.h>

enum { MAX_MR = 16, MAX_NR = 64, ROWS_OF_A_JOB = 960 };

typedef struct gemm_job {
    const assay_kernels *kernels;
    const assay_gemm_args *args;
    char *scratch;
    assay_gemm_split split;
} gemm_job;

assay_matrix assay_matrix_rows(const float *data, size_t ld)
{
    return (assay_matrix){.data = data, .dtype = ASSAY_F32, .row_stride = (ptrdiff_t)ld, .col_stride = 1};
}

assay_matrix assay_matrix_transposed(assay_matrix matrix)
{
    ptrdiff_t row_stride = matrix.row_stride;
    matrix.row_stride = matrix.col_stride;
    matrix.col_stride = row_stride;
    return matrix;
}

/* Where element (i, j) lies. */
static const void *element_at(const assay_matrix *matrix, size_t i, size_t j)
{
    ptrdiff_t index = (ptrdiff_t)i * matrix->row_stride + (ptrdiff_t)j * matrix->col_stride;
    return (const char *)matrix->data + index * (ptrdiff_t)assay_dtype_block_bytes(matrix->dtype);
}

assay_lanes assay_matrix_lanes(const assay_matrix *matrix, size_t lane, size_t lanes, size_t k0, size_t k)
{
    return (assay_lanes){.src = element_at(matrix, lane, k0),
                         .dtype = matrix->dtype,
                         .lane_stride = matrix->row_stride,
                         .k_stride = matrix->col_stride,
                         .lanes = lanes,
                         .k = k};
}

size_t assay_gemm_scratch_bytes(void)
{
    size_t a = (ASSAY_GEMM_ROWS + MAX_MR) * ASSAY_FOLD, b = (ASSAY_GEMM_COLS + MAX_NR) * ASSAY_FOLD,
           edge = MAX_MR * MAX_NR;
    return (a + b + edge) * sizeof(float);
}

static void pack_a(const assay_kernels *kernels, const assay_matrix *a, size_t row, size_t rows, size_t k0, size_t k,
                   float *dst)
{
    for (size_t i = 0; i < rows; i += kernels->mr, dst += kernels->mr * k)
        kernels->pack(dst, kernels->mr, a->dtype, element_at(a, row + i, k0), a->row_stride, a->col_stride,
                      assay_smaller(kernels->mr, rows - i), k);
}

/* As pack_b, tile by tile. columns: B transposed. */
static void pack_unpacked(const assay_kernels *kernels, const assay_matrix *columns, size_t col, size_t cols, size_t k0,
                          size_t k, float *dst)
{
    assay_unpack_tile tile;
    size_t nr = kernels->nr;
    const assay_unpack_shape shape = assay_matrix_unpack_shape(columns, nr);
    for (size_t j = 0; j < cols; j += shape.lanes)
        for (size_t i = 0, step; i < k; i += step) {
            step = assay_unpack_step(&shape, k0 + i, k - i);
            const assay_lanes t = assay_matrix_unpack(kernels, columns, col + j, assay_smaller(shape.lanes, cols - j),
                                                      k0 + i, step, &tile);
            for (size_t s = 0; s < t.lanes; s += nr)
                kernels->pack(dst + (j + s) * k + i * nr, nr, t.dtype,
                              assay_element_at(t.src, t.dtype, (ptrdiff_t)s * t.lane_stride), t.lane_stride, t.k_stride,
                              assay_smaller(nr, t.lanes - s), step);
        }
}

static void pack_b(const assay_kernels *kernels, const assay_matrix *b, size_t col, size_t cols, size_t k0, size_t k,
                   float *dst)
{
    const assay_matrix columns = assay_matrix_transposed(*b);
    if (assay_matrix_is_packed(b)) {
        pack_unpacked(kernels, &columns, col, cols, k0, k, dst);
        return;
    }
    for (size_t j = 0; j < cols; j += kernels->nr, dst += kernels->nr * k)
        kernels->pack(dst, kernels->nr, b->dtype, element_at(b, k0, col + j), b->col_stride, b->row_stride,
                      assay_smaller(kernels->nr, cols - j), k);
}

/* A tile at the border of C is computed whole beside it; only its inside is copied or added. */
static void border_tile(const assay_kernels *kernels, size_t k, const float *a, const float *b, float *c, size_t ldc,
                        bool add, size_t rows, size_t cols, float *edge)
{
    kernels->tile(k, a, b, edge, kernels->nr, false);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            float value = edge[i * kernels->nr + j];
            c[i * ldc + j] = add ? c[i * ldc + j] + value : value;
        }
}

static void multiply_block(const assay_kernels *kernels, size_t k, const float *a, const float *b, float *c, size_t ldc,
                           bool add, size_t rows, size_t cols, float *edge)
{
    size_t mr = kernels->mr, nr = kernels->nr;
    for (size_t j = 0; j < cols; j += nr)
        for (size_t i = 0; i < rows; i += mr) {
            const float *pa = a + i * k, *pb = b + j * k;
            float *pc = c + i * ldc + j;
            if (rows - i >= mr && cols - j >= nr) kernels->tile(k, pa, pb, pc, ldc, add);
            else
                border_tile(kernels, k, pa, pb, pc, ldc, add, assay_smaller(mr, rows - i), assay_smaller(nr, cols - j),
                            edge);
        }
}

static size_t fold_border(const assay_gemm_args *args, size_t index)
{
    return args->folds ? args->folds[index] : assay_smaller(index * ASSAY_FOLD, args->k);
}

static void clear_block(const assay_gemm_args *args, size_t row, size_t rows, size_t col, size_t cols)
{
    for (size_t i = 0; i < rows; i++) memset(args->c + (row + i) * args->ldc + col, 0, cols * sizeof(float));
}

/* All folds of the block of C that starts at (row, col). */
static void multiply_panel(const assay_kernels *kernels, const assay_gemm_args *args, float *scratch, size_t row,
                           size_t rows, size_t col, size_t cols)
{
    float *packed_b = scratch, *packed_a = packed_b + (ASSAY_GEMM_COLS + MAX_NR) * ASSAY_FOLD;
    float *edge = packed_a + (ASSAY_GEMM_ROWS + MAX_MR) * ASSAY_FOLD;
    size_t fold_count = args->folds ? args->fold_count : (args->k + ASSAY_FOLD - 1) / ASSAY_FOLD;
    bool add = args->add;
    for (size_t f = 0; f < fold_count; f++) {
        size_t k0 = fold_border(args, f), k = fold_border(args, f + 1) - k0;
        if (k == 0) continue;
        assert(k <= ASSAY_FOLD);
        pack_b(kernels, &args->b, col, cols, k0, k, packed_b);
        for (size_t i = 0; i < rows; i += ASSAY_GEMM_ROWS) {
            size_t block = assay_smaller(ASSAY_GEMM_ROWS, rows - i);
            pack_a(kernels, &args->a, row + i, block, k0, k, packed_a);
            multiply_block(kernels, k, packed_a, packed_b, args->c + (row + i) * args->ldc + col, args->ldc, add, block,
                           cols, edge);
        }
        add = true;
    }
    if (!add) clear_block(args, row, rows, col, cols);
}

static void run_job(void *context, size_t tile, int worker)
{
    const gemm_job *job = context;
    const assay_gemm_args *args = job->args;
    const assay_gemm_split *split = &job->split;
    size_t col = tile % split->panels * split->panel_cols, row = tile / split->panels * split->run_rows;
    float *scratch = (float *)(void *)(job->scratch + (size_t)worker * assay_gemm_scratch_bytes());
    multiply_panel(job->kernels, args, scratch, row, assay_smaller(split->run_rows, args->m - row), col,
                   assay_smaller(split->panel_cols, args->n - col));
}

void assay_gemm(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_args *args)
{
    gemm_job job = {.kernels = kernels, .args = args, .scratch = scratch};
    if (args->m == 0 || args->n == 0) return;
    const assay_gemm_size size = {.m = args->m,
                                  .n = args->n,
                                  .mr = kernels->mr,
                                  .nr = kernels->nr,
                                  .longest_run = ROWS_OF_A_JOB,
                                  .widest_panel = ASSAY_GEMM_COLS,
                                  .packs_rows = true};
    job.split = assay_gemm_split_jobs(&size, (size_t)assay_pool_size(pool));
    assay_pool_run(pool, run_job, &job, job.split.jobs);
}
