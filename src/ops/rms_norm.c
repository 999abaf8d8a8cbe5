/* y = w * x / sqrt(mean(x^2) + eps).  In 0: x [T, C].  Param 0: w [C].  (Zhang & Sennrich, arXiv:1910.07467)
 *
 * Backward needs x only; 1/rms is cheaper to form again than to keep. dw is a fold over rows of dy * x * rstd;
 * workspace: rstd [T]. */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 16, COLS_OF_A_JOB = 64 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY / 2 &&
        shape->param_cols[0] == shape->in_cols[0])
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "norm weight of %zu against a value of width %zu", shape->param_cols[0],
                           shape->in_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0);
}

static size_t workspace(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward)
{
    (void)workers;
    return backward ? bounds->rows[shape->out_space] * sizeof(float) : 0;
}

static const float *weight(const assay_op_run *run) { return run->param[0].data; }

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        float *target = assay_row_target(y, t, memory + x->cols);
        run->env->kernels->rows->rms_norm(assay_row_read(run, x, t, memory), weight(run), target, x->cols,
                                          run->attr->eps);
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *x = &run->in[0], *dy = &run->d_out[0], *dx = &run->d_in[0];
    float *rstd = run->workspace, *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *row = assay_row_read(run, x, t, memory);
        rstd[t] = k->rms_rstd(row, x->cols, run->attr->eps);
        if (dx->data)
            k->rms_norm_backward(row, weight(run), dy->data + t * dy->ld, dx->data + t * dx->ld, x->cols, rstd[t],
                                 run->add[0]);
    }
}

static void backward_weight(const assay_op_run *run, size_t first, size_t cols, int worker)
{
    const assay_view *x = &run->in[0], *dy = &run->d_out[0];
    const assay_space *space = &run->env->geometry->spaces[run->out_space];
    const float *rstd = run->workspace;
    float *memory = assay_row_memory(run, worker);
    for (size_t f = 0; f < space->fold_count; f++) {
        size_t from = space->folds[f], rows = space->folds[f + 1] - from;
        const float *block = x->bf16 ? memory : x->data + from * x->ld + first;
        for (size_t t = 0; x->bf16 && t < rows; t++)
            run->env->kernels->rows->widen(x->bf16 + (from + t) * x->ld + first, memory + t * COLS_OF_A_JOB, cols);
        run->env->kernels->rows->column_sum(dy->data + from * dy->ld + first, dy->ld, block,
                                            x->bf16 ? COLS_OF_A_JOB : x->ld, rstd + from, rows, cols,
                                            run->param[0].gradient + first);
    }
}

static void backward(const assay_op_run *run)
{
    assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
    if (run->param[0].gradient) assay_for_rows(run, run->param[0].cols, COLS_OF_A_JOB, backward_weight);
}

const assay_op assay_op_rms_norm = {.name = "rms_norm",
                                    .pointwise = true,
                                    .passes_gradient = -1,
                                    .check = check,
                                    .reads = reads,
                                    .workspace = workspace,
                                    .forward = forward,
                                    .backward = backward};
