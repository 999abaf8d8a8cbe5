/* y = max(x, 0), and a NaN stays one: what is not a number must be told of, not clipped.  In 0: x [T, F].
 *
 * Between the layers of heads that are read, not trained on: it has no backward pass. Their rows are few, so no kernel
 * of its own is worth having. */
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
    return 0;
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

const assay_op assay_op_relu = {
    .name = "relu", .pointwise = true, .passes_gradient = -1, .check = check, .reads = reads, .forward = forward};
