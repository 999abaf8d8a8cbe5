/* What operations share: rows in f32 whatever the view stores, and the sharing out of rows among the workers. */
#include "ops/op.h"

float *assay_row_memory(const assay_op_run *run, int worker)
{
    _Static_assert(ASSAY_ROW_MEMORY <= (ASSAY_GEMM_ROWS + ASSAY_GEMM_COLS) * ASSAY_FOLD,
                   "rows fit into the scratch of a product");
    return (float *)(void *)((char *)run->env->scratch + (size_t)worker * assay_gemm_scratch_bytes());
}

const float *assay_row_read(const assay_op_run *run, const assay_view *view, size_t row, float *memory)
{
    if (!view->bf16) return view->data + row * view->ld;
    run->env->kernels->rows->widen(view->bf16 + row * view->ld, memory, view->cols);
    return memory;
}

float *assay_row_target(const assay_view *view, size_t row, float *memory)
{
    return view->bf16 ? memory : view->data + row * view->ld;
}

void assay_row_store(const assay_op_run *run, const assay_view *view, size_t row, const float *from)
{
    if (view->bf16) run->env->kernels->rows->narrow(from, view->bf16 + row * view->ld, view->cols);
}

assay_matrix assay_view_matrix(const assay_view *view)
{
    assay_matrix matrix = {.data = view->data, .dtype = ASSAY_F32, .row_stride = (ptrdiff_t)view->ld, .col_stride = 1};
    if (view->bf16) {
        matrix.data = view->bf16;
        matrix.dtype = ASSAY_BF16;
    }
    return matrix;
}

typedef struct row_split {
    const assay_op_run *run;
    size_t rows, block;
    assay_row_work work;
} row_split;

static void run_block(void *context, size_t tile, int worker)
{
    const row_split *split = context;
    size_t first = tile * split->block, left = split->rows - first;
    split->work(split->run, first, left < split->block ? left : split->block, worker);
}

void assay_for_rows(const assay_op_run *run, size_t rows, size_t block, assay_row_work work)
{
    row_split split = {run, rows, block, work};
    assay_pool_run(run->env->pool, run_block, &split, (rows + block - 1) / block);
}
