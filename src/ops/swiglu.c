/* s = silu(g) * u.  In 0: g [T, F], in 1: u [T, F] (two values, or two column ranges of one). With attr->gelu the gate
 * is gelu in its tanh form.  (Shazeer, arXiv:2002.05202)
 *
 * Elementwise, so rows are taken in stretches of columns that stay in the first-level cache when bf16 is widened on the
 * way. */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 8, STRETCH = 1024 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[1] == shape->out_cols[0]) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "gate of %zu and up of %zu columns for an output of %zu",
                           shape->in_cols[0], shape->in_cols[1], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0) | ASSAY_READS_IN(1);
}

/* Columns from `col`, at most STRETCH of them. */
static assay_view stretch(const assay_view *view, size_t col)
{
    assay_view part = *view;
    part.cols = view->cols - col < STRETCH ? view->cols - col : STRETCH;
    if (part.data) part.data += col;
    if (part.bf16) part.bf16 += col;
    return part;
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++)
        for (size_t col = 0; col < run->out[0].cols; col += STRETCH) {
            assay_view g = stretch(&run->in[0], col), u = stretch(&run->in[1], col), s = stretch(&run->out[0], col);
            float *target = assay_row_target(&s, t, memory + 2 * STRETCH);
            (run->attr->gelu ? k->geglu : k->swiglu)(assay_row_read(run, &g, t, memory),
                                                     assay_row_read(run, &u, t, memory + STRETCH), target, s.cols);
            assay_row_store(run, &s, t, target);
        }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

/* Where the kernel writes a stretch of an input's gradient: straight home, or aside where it is to be added or is not
 * wanted. */
static float *gradient_target(const assay_op_run *run, int input, size_t offset, float *aside)
{
    bool straight = run->d_in[input].data && !run->add[input];
    return straight ? run->d_in[input].data + offset : aside;
}

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *kernels = run->env->kernels->rows;
    const assay_view *ds = &run->d_out[0], *dg = &run->d_in[0], *du = &run->d_in[1];
    float *memory = assay_row_memory(run, worker), *aside_g = memory + 2 * STRETCH, *aside_u = memory + 3 * STRETCH;
    for (size_t t = first; t < first + rows; t++)
        for (size_t col = 0; col < ds->cols; col += STRETCH) {
            assay_view g = stretch(&run->in[0], col), u = stretch(&run->in[1], col);
            size_t at_g = t * dg->ld + col, at_u = t * du->ld + col;
            (run->attr->gelu ? kernels->geglu_backward : kernels->swiglu_backward)(
                assay_row_read(run, &g, t, memory), assay_row_read(run, &u, t, memory + STRETCH),
                ds->data + t * ds->ld + col, gradient_target(run, 0, at_g, aside_g),
                gradient_target(run, 1, at_u, aside_u), g.cols);
            if (dg->data && run->add[0]) kernels->axpy(1.0f, aside_g, dg->data + at_g, g.cols);
            if (du->data && run->add[1]) kernels->axpy(1.0f, aside_u, du->data + at_u, g.cols);
        }
}

static void backward(const assay_op_run *run) { assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows); }

const assay_op assay_op_swiglu = {.name = "swiglu",
                                  .pointwise = true,
                                  .passes_gradient = -1,
                                  .check = check,
                                  .reads = reads,
                                  .forward = forward,
                                  .backward = backward};
