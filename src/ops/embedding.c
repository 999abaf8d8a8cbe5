/* x[t] = scale * W[ids[t]] (scale 0: 1).  No input: the ids are the geometry's.  Param 0: W [vocab, hidden].  Backward:
 * dW[ids[t]] += scale * dx[t], rows in rising t.
 *
 * Backward works on column ranges, each worker walking all rows in order: two tokens with one id never race and always
 * add in the same order. Within a tree they are added one by one (a fold of single rows), which is as canonical as
 * folds are. */
#include "ops/op.h"
#include "tensor/stored.h"

#include <string.h>

enum { COLS_OF_A_JOB = 64, ROWS_OF_A_JOB = 32 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->out_cols[0] == shape->param[0].cols && shape->out_cols[0] <= ASSAY_ROW_MEMORY) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "embedding of width %zu into a value of width %zu",
                           shape->param[0].cols, shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_param_view *w = &run->param[0];
    const assay_stored stored = {.data = w->data, .dtype = w->dtype, .parts = w->parts, .cols = w->cols};
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        size_t id = w->by_token ? t : (size_t)run->env->geometry->ids[t];
        float *row = assay_row_target(&run->out[0], t, memory);
        assay_stored_to_f32(&stored, id, 0, w->cols, row);
        if (w->to_bf16) assay_dtype_round_bf16(row, w->cols);
        if (run->attr->scale != 0) run->env->kernels->rows->scale(run->attr->scale, row, row, w->cols);
        assay_row_store(run, &run->out[0], t, row);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_cols(const assay_op_run *run, size_t first, size_t cols, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *dx = &run->d_out[0];
    float scale = run->attr->scale != 0 ? run->attr->scale : 1.0f;
    (void)worker;
    for (size_t t = 0; t < dx->rows; t++) {
        float *row = run->param[0].gradient + (size_t)run->env->geometry->ids[t] * run->param[0].cols;
        k->axpy(scale, dx->data + t * dx->ld + first, row + first, cols);
    }
}

static void backward(const assay_op_run *run)
{
    if (run->param[0].gradient) assay_for_rows(run, run->param[0].cols, COLS_OF_A_JOB, backward_cols);
}

const assay_op assay_op_embedding = {.name = "embedding",
                                     .by_row = true,
                                     .passes_gradient = -1,
                                     .check = check,
                                     .reads = reads,
                                     .forward = forward,
                                     .backward = backward};
