/* s = silu(g) * u.  In 0: g [T, F], in 1: u [T, F] (two values, or two column ranges of one).  (Shazeer, arXiv:2002.05202) */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 8 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[1] == shape->out_cols[0]) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "gate of %zu and up of %zu columns for an output of %zu", shape->in_cols[0], shape->in_cols[1], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0) | ASSAY_READS_IN(1);
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *g = &run->in[0], *u = &run->in[1], *s = &run->out[0];
    (void)worker;
    for (size_t t = first; t < first + rows; t++)
        run->env->kernels->rows->swiglu(g->data + t * g->ld, u->data + t * u->ld, s->data + t * s->ld, s->cols);
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *g = &run->in[0], *u = &run->in[1], *ds = &run->d_out[0], *dg = &run->d_in[0], *du = &run->d_in[1];
    (void)worker;
    for (size_t t = first; t < first + rows; t++)
        run->env->kernels->rows->swiglu_backward(g->data + t * g->ld, u->data + t * u->ld, ds->data + t * ds->ld, dg->data + t * dg->ld,
                                                 du->data + t * du->ld, ds->cols);
}

static void backward(const assay_op_run *run) { assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows); }

const assay_op assay_op_swiglu = {
    .name = "swiglu", .pointwise = true, .passes_gradient = -1, .check = check, .reads = reads, .forward = forward, .backward = backward};
