/* A fused query-key-value row from groups to blocks.  In 0: x [T, (heads + 2 kv_heads) d], for each key head its query
 * heads, its key, its value; out 0: all queries, all keys, all values.  With kv_heads = heads a group is (q, k, v) of
 * one head. A copy; the gradient is the copy back. */
#include "ops/op.h"

#include <string.h>

enum { ROWS_OF_A_JOB = 16 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    const assay_op_attributes *attr = shape->attr;
    size_t cols = ((size_t)attr->heads + 2 * (size_t)attr->kv_heads) * attr->head_dim;
    if (attr->kv_heads && attr->heads % attr->kv_heads == 0 && shape->in_cols[0] == cols &&
        shape->out_cols[0] == cols && cols <= ASSAY_ROW_MEMORY / 2)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%u heads over %u key heads of %u columns in a value of width %zu",
                           attr->heads, attr->kv_heads, attr->head_dim, shape->in_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static size_t heads_of(const assay_op_attributes *attr) { return attr->heads + 2 * (size_t)attr->kv_heads; }

/* Where the head that is the i-th of the groups lies among the blocks: a group holds its queries, its key, its value.
 */
static size_t block_column(const assay_op_attributes *attr, size_t i)
{
    size_t queries = attr->heads / attr->kv_heads, group = i / (queries + 2), head = i % (queries + 2);
    if (head < queries) return (group * queries + head) * attr->head_dim;
    return (attr->heads + (head - queries) * attr->kv_heads + group) * attr->head_dim;
}

static void to_blocks(const assay_op_attributes *attr, const float *grouped, float *blocks)
{
    for (size_t i = 0; i < heads_of(attr); i++, grouped += attr->head_dim)
        memcpy(blocks + block_column(attr, i), grouped, attr->head_dim * sizeof *blocks);
}

static void to_groups(const assay_op_run *run, const float *blocks, float *grouped)
{
    const assay_op_attributes *attr = run->attr;
    for (size_t i = 0; i < heads_of(attr); i++, grouped += attr->head_dim) {
        const float *block = blocks + block_column(attr, i);
        if (run->add[0]) run->env->kernels->rows->axpy(1.0f, block, grouped, attr->head_dim);
        else memcpy(grouped, block, attr->head_dim * sizeof *grouped);
    }
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *x = &run->in[0], *y = &run->out[0];
    float *memory = assay_row_memory(run, worker);
    for (size_t t = first; t < first + rows; t++) {
        float *target = assay_row_target(y, t, memory + x->cols);
        to_blocks(run->attr, assay_row_read(run, x, t, memory), target);
        assay_row_store(run, y, t, target);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

static void backward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_view *dy = &run->d_out[0], *dx = &run->d_in[0];
    (void)worker;
    for (size_t t = first; t < first + rows; t++) to_groups(run, dy->data + t * dy->ld, dx->data + t * dx->ld);
}

static void backward(const assay_op_run *run)
{
    if (run->d_in[0].data) assay_for_rows(run, run->d_out[0].rows, ROWS_OF_A_JOB, backward_rows);
}

const assay_op assay_op_regroup = {.name = "regroup",
                                   .pointwise = true,
                                   .passes_gradient = -1,
                                   .check = check,
                                   .reads = reads,
                                   .forward = forward,
                                   .backward = backward};
