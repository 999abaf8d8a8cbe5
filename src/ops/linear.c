/* y = x W^T (+ b) (+ r) (+ scale * dropout(x) A^T B^T): a linear map with optional bias, residual input and low-rank
 * adapter. In 0: x [T, in]; in 1 (attr->residual): r [T, out], whose gradient is dy itself. Params in this order, those
 * present: W [out, in], b [out], A [rank, in], B [out, rank].  (LoRA: Hu et al., arXiv:2106.09685; PEFT,
 * tuners/lora/layer.py Linear.forward) Order of rounding, the reference's: the folds of x W^T, those of the adapter,
 * the bias, and the residual last, once; adding folds to a large residual one by one would round at its size each time.
 * In bf16 (attr->bf16) every product rounds its operands to bf16; the adapter's product goes on in the host's sums,
 * and bias and residual join them before y is rounded, once. Backward likewise: du A goes on in the sums of dy W,
 * unless dropout stands between. Backward reads x only if W or A is trained: a frozen weight needs no input. u =
 * dropout(x) A^T is made again (rank columns) rather than kept, so that nothing ever asks for the host product to be
 * replayed. Workspace: in bf16 room for packed left operands; u and, backward, du [T, rank]; with dropout also
 * dropout(x) [T, in], which then serves the gradient on its way back. */
#include "backend/product.h"
#include "base/sizes.h"
#include "ops/dropout.h"
#include "ops/op.h"

#include <assert.h>
#include <string.h>

enum { ROWS_OF_A_JOB = 16, COLS_OF_A_JOB = 64 };

/* Which parameter is where. */
typedef struct linear_params {
    const assay_param_view *w, *b, *lora_a, *lora_b;
} linear_params;

static linear_params params_of(const assay_op_run *run)
{
    const assay_param_view *next = run->param;
    assert(next); /* it has a weight at least */
    linear_params p = {.w = next++};
    if (run->attr->bias) p.b = next++;
    if (run->attr->adapter) p.lora_a = next++;
    if (run->attr->adapter) p.lora_b = next;
    return p;
}

static int adapter_index(const assay_op_shape *shape) { return shape->attr->bias ? 2 : 1; }

static size_t rank_of(const assay_op_shape *shape)
{
    return shape->attr->adapter ? shape->param[adapter_index(shape)].rows : 0;
}

static assay_status check_adapter(const assay_op_shape *shape, assay_error *err)
{
    int a = adapter_index(shape), b = a + 1;
    if (shape->param[a].cols == shape->in_cols[0] && shape->param[b].rows == shape->out_cols[0] &&
        shape->param[b].cols == shape->param[a].rows)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "adapter A [%zu, %zu], B [%zu, %zu] on a linear map from %zu to %zu",
                           shape->param[a].rows, shape->param[a].cols, shape->param[b].rows, shape->param[b].cols,
                           shape->in_cols[0], shape->out_cols[0]);
}

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    bool fits = shape->param[0].cols == shape->in_cols[0] && shape->param[0].rows == shape->out_cols[0];
    if (shape->attr->bias) fits = fits && shape->param[1].cols == shape->out_cols[0];
    if (shape->attr->residual) fits = fits && shape->in_cols[1] == shape->out_cols[0];
    if (!fits)
        return assay_error_set(err, ASSAY_E_FORMAT, "weight [%zu, %zu] maps %zu columns to %zu", shape->param[0].rows,
                               shape->param[0].cols, shape->in_cols[0], shape->out_cols[0]);
    return shape->attr->adapter ? check_adapter(shape, err) : ASSAY_OK;
}

static unsigned reads(const assay_op_shape *shape)
{
    int a = adapter_index(shape);
    bool adapter = shape->attr->adapter && (shape->param[a].wants || shape->param[a + 1].wants);
    return shape->param[0].wants || adapter ? ASSAY_READS_IN(0) : 0;
}

/* What the sizes of the workspace follow from. */
typedef struct linear_sizes {
    bool bf16, drops, backward;
    size_t rows, in, out, rank; /* rank 0: no adapter */
} linear_sizes;

/* The workspace, one part behind the other:
 *
 *     packed (bf16 only) | u [rows, rank] | du [rows, rank] (backward only) | dropped [rows, in] (with dropout only)
 */
typedef struct linear_memory {
    uint32_t *packed;
    size_t packed_bytes;
    float *u, *du, *dropped;
    size_t bytes; /* of all */
} linear_memory;

/* Where products pack their left operands. A weight's gradient runs over tokens, in folds that may all be odd, and
 * makes do with few rows at a time. */
static size_t packed_bytes(const linear_sizes *n)
{
    size_t widest = n->backward ? assay_larger(n->out, n->in) : n->in;
    size_t most = assay_gemm_bf16_packed_bytes(n->rows, (widest + 1) / 2 + (n->rank + 1) / 2, !n->backward),
           least = assay_gemm_bf16_packed_bytes(1, n->rows, false);
    return n->bf16 ? (assay_larger(most, least) + 63) & ~(size_t)63 : 0;
}

/* The one list of what lies in the workspace: measured with block NULL, taken with the block itself. */
static linear_memory divide(const linear_sizes *n, void *block)
{
    linear_memory m = {.packed_bytes = packed_bytes(n)};
    size_t u = n->rows * n->rank, du = n->backward ? u : 0, dropped = n->rank && n->drops ? n->rows * n->in : 0;
    m.bytes = m.packed_bytes + (u + du + dropped) * sizeof(float);
    if (!block) return m;
    m.packed = block;
    m.u = (float *)(void *)((char *)block + m.packed_bytes);
    m.du = m.u + u;
    m.dropped = m.du + du;
    return m;
}

static size_t workspace(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward)
{
    const linear_sizes n = {.bf16 = shape->attr->bf16,
                            .drops = shape->attr->dropout > 0,
                            .backward = backward,
                            .rows = bounds->rows[shape->out_space],
                            .in = shape->in_cols[0],
                            .out = shape->out_cols[0],
                            .rank = rank_of(shape)};
    (void)workers;
    return divide(&n, NULL).bytes;
}

static double flops(const assay_op_shape *shape, const double rows[ASSAY_SPACES], double context, bool backward)
{
    double t = rows[shape->out_space], in = (double)shape->in_cols[0], out = (double)shape->out_cols[0],
           rank = (double)rank_of(shape);
    double host = 2 * t * in * out, adapter = 2 * t * rank * (in + out);
    (void)context;
    if (!backward) return host + adapter;
    return host * (shape->in_wants[0] + shape->param[0].wants) + (rank > 0 ? adapter * 2 : 0);
}

static bool drops(const assay_op_run *run) { return run->attr->dropout > 0 && run->env->training; }

/* The same at run time, with the rows there are; what has a d_out is a backward run. */
static linear_memory memory_of(const assay_op_run *run)
{
    linear_params p = params_of(run);
    const linear_sizes n = {.bf16 = run->attr->bf16,
                            .drops = drops(run),
                            .backward = run->d_out[0].data != NULL,
                            .rows = run->env->geometry->spaces[run->out_space].rows,
                            .in = p.w->cols,
                            .out = p.w->rows,
                            .rank = p.lora_a ? p.lora_a->rows : 0};
    return divide(&n, run->workspace);
}

static void multiply(const assay_op_run *run, assay_gemm_bf16_args args)
{
    linear_memory m = memory_of(run);
    args.packed = m.packed;
    args.packed_bytes = m.packed_bytes;
    assay_product(run->env->kernels, run->env->pool, run->env->scratch, run->attr->bf16, &args);
}

/* gradient [rows of W, cols of W] += left^T right, summed over the space's rows by its folds */
static void weight_gradient(const assay_op_run *run, const assay_view *left, const assay_view *right, float *gradient)
{
    const assay_space *space = &run->env->geometry->spaces[run->out_space];
    multiply(run, (assay_gemm_bf16_args){.m = left->cols,
                                         .n = right->cols,
                                         .k = left->rows,
                                         .a = assay_matrix_transposed(assay_view_matrix(left)),
                                         .b = assay_view_matrix(right),
                                         .c = gradient,
                                         .ldc = right->cols,
                                         .add = true,
                                         .folds = space->folds,
                                         .fold_count = space->fold_count});
}

static assay_matrix weight_matrix(const assay_param_view *w)
{
    return (assay_matrix){.data = w->data,
                          .dtype = w->dtype,
                          .row_stride = (ptrdiff_t)w->cols,
                          .col_stride = 1,
                          .rows = w->row_map,
                          .to_bf16 = w->to_bf16,
                          .parts = w->parts};
}

static assay_view dense_view(float *data, size_t rows, size_t cols)
{
    return (assay_view){.data = data, .rows = rows, .cols = cols, .ld = cols};
}

static void finish_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *y = &run->out[0], *r = &run->in[1];
    linear_params p = params_of(run);
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        float *row = y->data + t * y->ld;
        if (p.b) run->env->kernels->rows->axpy(1.0f, p.b->data, row, y->cols);
        if (run->attr->residual) run->env->kernels->rows->axpy(1.0f, assay_row_read(run, r, t, memory), row, y->cols);
    }
}

/* dropout(x), or x itself where nothing is dropped. */
static assay_view dropped_input(const assay_op_run *run)
{
    if (!drops(run)) return run->in[0];
    assay_view dropped = dense_view(memory_of(run).dropped, run->in[0].rows, run->in[0].cols);
    assay_dropout_rows(run, run->in[0], dropped);
    return dropped;
}

/* u = scale * x A^T, x being what dropped_input gave. */
static assay_view adapter_down(const assay_op_run *run, const assay_param_view *lora_a, const assay_view *x)
{
    assay_view u = dense_view(memory_of(run).u, x->rows, lora_a->rows);
    multiply(run, (assay_gemm_bf16_args){.m = u.rows,
                                         .n = u.cols,
                                         .k = x->cols,
                                         .a = assay_view_matrix(x),
                                         .b = assay_matrix_transposed(weight_matrix(lora_a)),
                                         .c = u.data,
                                         .ldc = u.ld});
    run->env->kernels->rows->scale(run->attr->scale, u.data, u.data, u.rows * u.cols);
    return u;
}

/* A result in bf16 is rounded once, with everything in it; bias and residual join one in f32 afterwards. */
static void forward(const assay_op_run *run)
{
    const assay_view *x = &run->in[0], *y = &run->out[0], *r = &run->in[1];
    linear_params p = params_of(run);
    assay_gemm_bf16_args args = {.m = y->rows,
                                 .n = y->cols,
                                 .k = x->cols,
                                 .a = assay_view_matrix(x),
                                 .b = assay_matrix_transposed(weight_matrix(p.w)),
                                 .c = y->data,
                                 .bf16_c = y->bf16,
                                 .ldc = y->ld};
    if (p.lora_a) {
        assay_view dropped = dropped_input(run), u = adapter_down(run, p.lora_a, &dropped);
        args.k2 = u.cols;
        args.a2 = assay_view_matrix(&u);
        args.b2 = assay_matrix_transposed(weight_matrix(p.lora_b));
    }
    if (y->bf16) {
        args.bias = p.b ? p.b->data : NULL;
        args.residual = r->data;
        args.bf16_residual = r->bf16;
        args.ld_residual = r->ld;
    }
    multiply(run, args);
    if (!y->bf16 && (p.b || run->attr->residual)) assay_for_rows(run, y->rows, ROWS_OF_A_JOB, finish_rows);
}

static void add_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *dy = &run->d_out[0], *dr = &run->d_in[1];
    (void)worker;
    for (size_t t = first; t < first + rows; t++) {
        float *to = dr->data + t * dr->ld, *from = dy->data + t * dy->ld;
        if (run->add[1]) run->env->kernels->rows->axpy(1.0f, from, to, dy->cols);
        else memcpy(to, from, dy->cols * sizeof(float));
    }
}

static void bias_gradient(const assay_op_run *run, size_t first, size_t cols, int worker)
{
    const assay_view *dy = &run->d_out[0];
    const assay_space *space = &run->env->geometry->spaces[run->out_space];
    const assay_param_view *b = params_of(run).b;
    (void)worker;
    for (size_t f = 0; b && f < space->fold_count; f++)
        run->env->kernels->rows->column_sum(dy->data + space->folds[f] * dy->ld + first, dy->ld, NULL, 0, NULL,
                                            space->folds[f + 1] - space->folds[f], cols, b->gradient + first);
}

/* du = scale * dy B */
static assay_view adapter_gradient(const assay_op_run *run, const linear_params *p)
{
    const assay_view *dy = &run->d_out[0];
    assay_view du = dense_view(memory_of(run).du, dy->rows, p->lora_a->rows);
    multiply(run, (assay_gemm_bf16_args){.m = du.rows,
                                         .n = du.cols,
                                         .k = dy->cols,
                                         .a = assay_matrix_rows(dy->data, dy->ld),
                                         .b = weight_matrix(p->lora_b),
                                         .c = du.data,
                                         .ldc = du.ld});
    run->env->kernels->rows->scale(run->attr->scale, du.data, du.data, du.rows * du.cols);
    return du;
}

/* dx (+)= dy W (+ du A): the adapter's share is the second product of the host's, as it is forward, unless dropout
 * stands between. */
static void input_gradient(const assay_op_run *run, const linear_params *p, const assay_view *du)
{
    const assay_view *dy = &run->d_out[0], *dx = &run->d_in[0];
    assay_gemm_bf16_args args = {.m = dx->rows,
                                 .n = dx->cols,
                                 .k = dy->cols,
                                 .a = assay_matrix_rows(dy->data, dy->ld),
                                 .b = weight_matrix(p->w),
                                 .c = dx->data,
                                 .ldc = dx->ld,
                                 .add = run->add[0]};
    if (p->lora_a && !drops(run)) {
        args.k2 = du->cols;
        args.a2 = assay_view_matrix(du);
        args.b2 = weight_matrix(p->lora_a);
    }
    multiply(run, args);
}

/* dx += dropout'(du A), by way of the memory that held dropout(x) */
static void dropped_input_gradient(const assay_op_run *run, const assay_param_view *lora_a, const assay_view *du)
{
    const assay_view *dx = &run->d_in[0];
    assay_view dropped = dense_view(memory_of(run).dropped, dx->rows, dx->cols);
    multiply(run, (assay_gemm_bf16_args){.m = dx->rows,
                                         .n = dx->cols,
                                         .k = du->cols,
                                         .a = assay_matrix_rows(du->data, du->ld),
                                         .b = weight_matrix(lora_a),
                                         .c = dropped.data,
                                         .ldc = dropped.ld});
    assay_dropout_rows(run, dropped, dropped);
    for (size_t t = 0; t < dx->rows; t++)
        run->env->kernels->rows->axpy(1.0f, dropped.data + t * dropped.ld, dx->data + t * dx->ld, dx->cols);
}

static void backward_adapter(const assay_op_run *run, const linear_params *p, const assay_view *du)
{
    if (p->lora_a->gradient || p->lora_b->gradient) {
        assay_view dropped = dropped_input(run), u = adapter_down(run, p->lora_a, &dropped);
        if (p->lora_b->gradient) weight_gradient(run, &run->d_out[0], &u, p->lora_b->gradient);
        if (p->lora_a->gradient) weight_gradient(run, du, &dropped, p->lora_a->gradient);
    }
    if (run->d_in[0].data && drops(run)) dropped_input_gradient(run, p->lora_a, du);
}

static void backward(const assay_op_run *run)
{
    const assay_view *x = &run->in[0], *dy = &run->d_out[0];
    linear_params p = params_of(run);
    assay_view du = {0};
    if (p.lora_a) du = adapter_gradient(run, &p);
    if (run->d_in[0].data) input_gradient(run, &p, &du);
    if (p.w->gradient) weight_gradient(run, dy, x, p.w->gradient);
    if (p.b && p.b->gradient) assay_for_rows(run, dy->cols, COLS_OF_A_JOB, bias_gradient);
    if (p.lora_a) backward_adapter(run, &p, &du);
    if (run->attr->residual && run->d_in[1].data && run->d_in[1].data != dy->data)
        assay_for_rows(run, dy->rows, ROWS_OF_A_JOB, add_rows);
}

const assay_op assay_op_linear = {.name = "linear",
                                  .passes_gradient = 1,
                                  .check = check,
                                  .reads = reads,
                                  .workspace = workspace,
                                  .flops = flops,
                                  .forward = forward,
                                  .backward = backward};
