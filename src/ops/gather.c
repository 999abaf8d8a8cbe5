/* y[i] = x[scored_tokens[i]]: from the token rows to the scored ones. Backward spreads dy back; all other rows get
 * zero. */
#include "ops/op.h"

#include <string.h>

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY &&
        shape->in_space[0] == ASSAY_TOKENS && shape->out_space == ASSAY_SCORED)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "gather goes from token rows to scored rows of the same width");
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static void forward(const assay_op_run *run)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, 0);
    for (size_t i = 0; i < y->rows; i++) {
        const float *from = assay_row_read(run, x, run->env->geometry->scored_tokens[i], memory);
        if (y->data) memcpy(y->data + i * y->ld, from, y->cols * sizeof(float));
        assay_row_store(run, y, i, from);
    }
}

static void backward(const assay_op_run *run)
{
    const assay_view *dx = &run->d_in[0], *dy = &run->d_out[0];
    if (!dx->data) return;
    if (!run->add[0])
        for (size_t t = 0; t < dx->rows; t++) memset(dx->data + t * dx->ld, 0, dx->cols * sizeof(float));
    for (size_t i = 0; i < dy->rows; i++)
        run->env->kernels->rows->axpy(1.0f, dy->data + i * dy->ld,
                                      dx->data + run->env->geometry->scored_tokens[i] * dx->ld, dy->cols);
}

const assay_op assay_op_gather = {
    .name = "gather", .passes_gradient = -1, .check = check, .reads = reads, .forward = forward, .backward = backward};
