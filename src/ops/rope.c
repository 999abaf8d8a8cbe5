/* Rotary positions, in place where the plan allows.  In 0: x [T, C], in 1: angles [T, 2 * half] (cos, sin).  Out 0: y
 * [T, C].
 *
 * attr->heads heads of attr->head_dim columns from the left are rotated over their first 2 * half columns; columns
 * behind them (the values of a fused query-key-value row) pass through. With two axes (attr->axes) the angles are [T, 4
 * * half], and a head's next 2 * half columns are rotated by those of the second. The gradient is the rotation back.
 * (Su et al., arXiv:2104.09864) */
#include "ops/op.h"

#include <string.h>

enum { ROWS_OF_A_JOB = 16 };

static size_t axes_of(const assay_op_attributes *attr) { return attr->axes ? attr->axes : 1; }

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    const assay_op_attributes *attr = shape->attr;
    size_t rotated = (size_t)attr->heads * attr->head_dim, angles = 2 * axes_of(attr) * attr->rotary_half;
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY &&
        rotated <= shape->in_cols[0] && shape->in_cols[1] == angles && angles <= attr->head_dim)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "rotation of %u heads of %u columns (%u pairs) in a value of width %zu",
                           attr->heads, attr->head_dim, attr->rotary_half, shape->in_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(1);
}

static void rotate_row(const assay_op_run *run, float *row, size_t t, float sign)
{
    const assay_op_attributes *attr = run->attr;
    const float *angles = run->in[1].data + t * run->in[1].ld;
    size_t half = attr->rotary_half, axes = axes_of(attr);
    for (size_t head = 0; head < attr->heads; head++)
        for (size_t axis = 0; axis < axes; axis++)
            run->env->kernels->rows->rope(row + head * attr->head_dim + axis * 2 * half, angles + axis * 2 * half,
                                          angles + axis * 2 * half + half, half, attr->adjacent, sign);
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *from = assay_row_read(run, x, t, memory);
        float *to = assay_row_target(y, t, memory);
        if (to != from) memcpy(to, from, y->cols * sizeof(float));
        rotate_row(run, to, t, 1.0f);
        assay_row_store(run, y, t, to);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

/* Where the gradient cannot take over its memory it is rotated in place all the same (nobody reads it later) and then
 * copied or added. */
static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *dy = &run->d_out[0], *dx = &run->d_in[0];
    (void)worker;
    for (size_t t = first; t < first + rows; t++) {
        float *from = dy->data + t * dy->ld, *to = dx->data + t * dx->ld;
        rotate_row(run, from, t, -1.0f);
        if (run->add[0]) run->env->kernels->rows->axpy(1.0f, from, to, dy->cols);
        else if (to != from) memcpy(to, from, dy->cols * sizeof(float));
    }
}

static void backward(const assay_op_run *run)
{
    if (run->d_in[0].data) assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
}

const assay_op assay_op_rope = {.name = "rope",
                                .in_place = true,
                                .passes_gradient = 0,
                                .check = check,
                                .reads = reads,
                                .forward = forward,
                                .backward = backward};
