/* y = max(x, 0), and a NaN stays one: what is not a number must be told of, not clipped.  In 0: x [T, F].
 *
 * Between the layers of heads, whose rows are few, so no kernel of its own is worth having. Backward reads y, which the
 * next layer's backward reads as well: dx is dy where y is above 0, and 0 where it is not (torch's choice at 0). */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 8 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY / 2) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "relu of %zu columns into %zu", shape->in_cols[0], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_OUT(0);
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *from = assay_row_read(run, x, t, memory);
        float *target = assay_row_target(y, t, memory + x->cols);
        for (size_t j = 0; j < x->cols; j++) target[j] = from[j] < 0 ? 0 : from[j];
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *y = &run->out[0], *dy = &run->d_out[0], *dx = &run->d_in[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *value = assay_row_read(run, y, t, memory), *from = dy->data + t * dy->ld;
        float *to = dx->data + t * dx->ld;
        for (size_t j = 0; j < y->cols; j++) {
            float d = value[j] <= 0 ? 0 : from[j];
            to[j] = run->add[0] ? to[j] + d : d;
        }
    }
}

static void backward(const assay_op_run *run)
{
    if (run->d_in[0].data) assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
}

const assay_op assay_op_relu = {.name = "relu",
                                .pointwise = true,
                                .passes_gradient = -1,
                                .check = check,
                                .reads = reads,
                                .forward = forward,
                                .backward = backward};
