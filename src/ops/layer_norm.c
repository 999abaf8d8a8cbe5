/* y = w * (x - mean(x)) / sqrt(var(x) + eps) + b.  In 0: x [T, C].  Params: w [C], and b [C] with attr->bias.  (Ba et
 * al., arXiv:1607.06450)
 *
 * As rms_norm.c: backward forms the statistics again from x; dw and db are folds over rows. Workspace: mean [T], rstd
 * [T]. */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 16, COLS_OF_A_JOB = 64 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY / 2 &&
        shape->param[0].cols == shape->in_cols[0] && (!shape->attr->bias || shape->param[1].cols == shape->in_cols[0]))
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "norm weight of %zu against a value of width %zu", shape->param[0].cols,
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
    return backward ? 2 * bounds->rows[shape->out_space] * sizeof(float) : 0;
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        float *target = assay_row_target(y, t, memory + x->cols);
        run->env->kernels->rows->layer_norm(assay_row_read(run, x, t, memory), run->param[0].data,
                                            run->attr->bias ? run->param[1].data : NULL, target, x->cols,
                                            run->attr->eps);
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *x = &run->in[0], *dy = &run->d_out[0], *dx = &run->d_in[0];
    float *mean = run->workspace, *rstd = mean + x->rows, *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        const float *row = assay_row_read(run, x, t, memory);
        k->layer_statistics(row, memory + x->cols, x->cols, run->attr->eps, &mean[t], &rstd[t]);
        if (dx->data)
            k->layer_norm_backward(row, run->param[0].data, dy->data + t * dy->ld, dx->data + t * dx->ld, x->cols,
                                   mean[t], rstd[t], run->add[0]);
    }
}

/* x - mean of one fold's rows, COLS_OF_A_JOB apart. */
static void centre(const assay_op_run *run, size_t from, size_t rows, size_t first, size_t cols, float *block)
{
    const assay_view *x = &run->in[0];
    const float *mean = run->workspace;
    for (size_t t = 0; t < rows; t++) {
        float *to = block + t * COLS_OF_A_JOB;
        size_t at = (from + t) * x->ld + first;
        if (x->bf16) run->env->kernels->rows->widen(x->bf16 + at, to, cols);
        for (size_t i = 0; i < cols; i++) to[i] = (x->bf16 ? to[i] : x->data[at + i]) - mean[from + t];
    }
}

static void backward_params(const assay_op_run *run, size_t first, size_t cols, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *dy = &run->d_out[0];
    const assay_space *space = &run->env->geometry->spaces[run->out_space];
    const float *rstd = (const float *)run->workspace + run->in[0].rows;
    float *memory = assay_row_memory(run, worker), *dw = run->param[0].gradient,
          *db = run->attr->bias ? run->param[1].gradient : NULL;
    for (size_t f = 0; f < space->fold_count; f++) {
        size_t from = space->folds[f], rows = space->folds[f + 1] - from;
        const float *d = dy->data + from * dy->ld + first;
        if (dw) centre(run, from, rows, first, cols, memory);
        if (dw) k->column_sum(d, dy->ld, memory, COLS_OF_A_JOB, rstd + from, rows, cols, dw + first);
        if (db) k->column_sum(d, dy->ld, NULL, 0, NULL, rows, cols, db + first);
    }
}

static void backward(const assay_op_run *run)
{
    bool wanted = run->param[0].gradient || (run->attr->bias && run->param[1].gradient);
    assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
    if (wanted) assay_for_rows(run, run->param[0].cols, COLS_OF_A_JOB, backward_params);
}

const assay_op assay_op_layer_norm = {.name = "layer_norm",
                                      .pointwise = true,
                                      .passes_gradient = -1,
                                      .check = check,
                                      .reads = reads,
                                      .workspace = workspace,
                                      .forward = forward,
                                      .backward = backward};
