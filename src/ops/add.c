/* y = x + scale * a.  In 0: x [T, C], the residual; in 1: a [T, C].  For blocks whose branch is normed or scaled before
 * it joins the residual; elsewhere the linear layer adds it (linear.c).
 *
 * Not pointwise though it is cheap: the residual of every layer hangs together by it, and making one again would go
 * down to the embeddings. */
#include "ops/op.h"

#include <string.h>

enum { ROWS_OF_A_JOB = 16 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[1] == shape->out_cols[0] &&
        shape->out_cols[0] <= ASSAY_ROW_MEMORY / 2)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "sum of %zu and %zu columns into %zu", shape->in_cols[0],
                           shape->in_cols[1], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *a = &run->in[1], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *from = assay_row_read(run, x, t, memory);
        float *to = assay_row_target(y, t, memory);
        if (to != from) memcpy(to, from, y->cols * sizeof *to);
        run->env->kernels->rows->axpy(run->attr->scale, assay_row_read(run, a, t, memory + y->cols), to, y->cols);
        assay_row_store(run, y, t, to);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

/* The branch first: the residual's gradient may lie where dy does. */
static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *dy = &run->d_out[0], *dx = &run->d_in[0], *da = &run->d_in[1];
    (void)worker;
    for (size_t t = first; t < first + rows; t++) {
        const float *from = dy->data + t * dy->ld;
        if (da->data && run->add[1]) k->axpy(run->attr->scale, from, da->data + t * da->ld, dy->cols);
        else if (da->data) k->scale(run->attr->scale, from, da->data + t * da->ld, dy->cols);
        float *to = dx->data ? dx->data + t * dx->ld : NULL;
        if (to && run->add[0]) k->axpy(1.0f, from, to, dy->cols);
        else if (to && to != from) memcpy(to, from, dy->cols * sizeof *to);
    }
}

static void backward(const assay_op_run *run) { assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows); }

const assay_op assay_op_add = {
    .name = "add", .passes_gradient = 0, .check = check, .reads = reads, .forward = forward, .backward = backward};
