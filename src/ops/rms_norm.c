/* y = w * x / sqrt(mean(x^2) + eps).  In 0: x [T, C].  Param 0: w [C].  (Zhang & Sennrich, arXiv:1910.07467)
 *
 * With attr->heads each head's head_dim columns are normed alone, with one weight w [head_dim] for all heads. With
 * attr->plus_one the factor is 1 + w. Backward needs x only; 1/rms is cheaper to form again than to keep. dw is a fold
 * over rows (then over heads, in order) of dy * x * rstd; workspace: rstd [heads, T]. */
#include "ops/op.h"

enum { ROWS_OF_A_JOB = 16, COLS_OF_A_JOB = 64 };

static size_t heads_of(const assay_op_attributes *attr) { return attr->heads ? attr->heads : 1; }

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    if (shape->in_cols[0] == shape->out_cols[0] && shape->in_cols[0] <= ASSAY_ROW_MEMORY / 3 &&
        heads_of(shape->attr) * shape->param[0].cols == shape->in_cols[0])
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "norm weight of %zu for %zu heads against a value of width %zu",
                           shape->param[0].cols, heads_of(shape->attr), shape->in_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0);
}

static size_t workspace(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward)
{
    (void)workers;
    return backward ? heads_of(shape->attr) * bounds->rows[shape->out_space] * sizeof(float) : 0;
}

/* The factor of every column: the weight itself, or one more in the worker's memory. */
static const float *factor(const assay_op_run *run, float *memory)
{
    const float *weight = run->param[0].data;
    if (!run->attr->plus_one) return weight;
    for (size_t i = 0; i < run->param[0].cols; i++) memory[i] = 1.0f + weight[i];
    return memory;
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    const float *w = factor(run, memory + 2 * x->cols);
    size_t heads = heads_of(run->attr), d = run->param[0].cols;
    for (size_t t = first; t < first + rows; t++) {
        const float *from = assay_row_read(run, x, t, memory);
        float *target = assay_row_target(y, t, memory + x->cols);
        for (size_t h = 0; h < heads; h++)
            run->env->kernels->rows->rms_norm(from + h * d, w, target + h * d, d, run->attr->eps);
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_rows *k = run->env->kernels->rows;
    const assay_view *x = &run->in[0], *dy = &run->d_out[0], *dx = &run->d_in[0];
    float *rstd = run->workspace, *memory = assay_row_memory(run, worker);
    const float *w = factor(run, memory + 2 * x->cols);
    size_t heads = heads_of(run->attr), d = run->param[0].cols;
    for (size_t t = first; t < first + rows; t++) {
        const float *row = assay_row_read(run, x, t, memory);
        for (size_t h = 0; h < heads; h++) {
            float *inverse = &rstd[h * x->rows + t];
            *inverse = k->rms_rstd(row + h * d, d, run->attr->eps);
            if (dx->data)
                k->rms_norm_backward(row + h * d, w, dy->data + t * dy->ld + h * d, dx->data + t * dx->ld + h * d, d,
                                     *inverse, run->add[0]);
        }
    }
}

/* The share of one fold's rows and one head. */
static void add_fold(const assay_op_run *run, size_t from, size_t rows, size_t head, size_t first, size_t cols,
                     float *memory)
{
    const assay_view *x = &run->in[0], *dy = &run->d_out[0];
    const float *rstd = (const float *)run->workspace + head * x->rows;
    size_t col = head * run->param[0].cols + first;
    const float *block = x->bf16 ? memory : x->data + from * x->ld + col;
    for (size_t t = 0; x->bf16 && t < rows; t++)
        run->env->kernels->rows->widen(x->bf16 + (from + t) * x->ld + col, memory + t * COLS_OF_A_JOB, cols);
    run->env->kernels->rows->column_sum(dy->data + from * dy->ld + col, dy->ld, block, x->bf16 ? COLS_OF_A_JOB : x->ld,
                                        rstd + from, rows, cols, run->param[0].gradient + first);
}

static void backward_weight(const assay_op_run *run, size_t first, size_t cols, int worker)
{
    const assay_space *space = &run->env->geometry->spaces[run->out_space];
    float *memory = assay_row_memory(run, worker);
    for (size_t f = 0; f < space->fold_count; f++)
        for (size_t h = 0; h < heads_of(run->attr); h++)
            add_fold(run, space->folds[f], space->folds[f + 1] - space->folds[f], h, first, cols, memory);
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
