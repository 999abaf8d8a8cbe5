/* y = gelu(x) in its tanh form.  In 0: x [T, F].  (Hendrycks & Gimpel, arXiv:1606.08415)
 *
 * Elementwise; rows are taken in stretches of columns, as in swiglu.c. */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 8 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY / 2) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "gelu of %zu columns into %zu", shape->in_cols[0], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0);
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        float *target = assay_row_target(y, t, memory + x->cols);
        run->env->kernels->rows->gelu(assay_row_read(run, x, t, memory), target, x->cols);
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *dy = &run->d_out[0], *dx = &run->d_in[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++)
        run->env->kernels->rows->gelu_backward(assay_row_read(run, x, t, memory), dy->data + t * dy->ld,
                                               dx->data + t * dx->ld, x->cols, run->add[0]);
}

static void backward(const assay_op_run *run)
{
    if (run->d_in[0].data) assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
}

const assay_op assay_op_gelu = {.name = "gelu",
                                .pointwise = true,
                                .passes_gradient = -1,
                                .check = check,
                                .reads = reads,
                                .forward = forward,
                                .backward = backward};
