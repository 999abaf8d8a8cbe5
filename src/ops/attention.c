/* c = softmax(scale * q k^T, causal along the path) v, head by head, with grouped keys and values.
 *
 * In 0: q [Tq, heads * d], in 1: k [T, kv_heads * d], in 2: v likewise. Out 0: c [Tq, heads * d]. Probabilities are never stored: backward makes
 * them again, a block of queries at a time (the idea of Dao et al., arXiv:2205.14135, with whole rows of scores instead of tiles). q may live in the scored
 * rows (the last layer needs no other queries); k and v are token rows.
 *
 * A token sees its path: its segment's ancestors, then its own segment up to itself. Keys are laid out by position along the path in the
 * worker's memory, so the folds over keys are cut by position and a query's bits do not depend on what lies beside it in the batch.
 * A job is one (tree, key head): it alone writes its tree's key and value gradients, in the fixed order segment, head, block of
 * queries; a prompt's rows get their own segment's share first, then each answer's.
 */
#include "ops/op.h"

#include <string.h>

enum { QUERIES = 128 };

/* Memory of one worker, in floats; rows are path positions. */
typedef struct path_memory {
    float *k, *v, *dk, *dv; /* [path, d] */
    float *p, *ds;          /* [QUERIES, path] */
    float *c;               /* [QUERIES, d] */
} path_memory;

/* One job's view of things. */
typedef struct attention_job {
    const assay_op_run *run;
    size_t d, kv_head, group;
    path_memory memory;
    void *scratch;
} attention_job;

/* A block of consecutive queries of one segment. */
typedef struct query_block {
    size_t row, rows;   /* in the queries' space */
    size_t position;    /* of its first query */
    size_t keys;        /* path positions that its last query sees */
} query_block;

static size_t path_floats(size_t path, size_t d, bool backward) { return backward ? 4 * path * d + 2 * QUERIES * path : 2 * path * d + QUERIES * (path + d); }

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    const assay_op_attributes *attr = shape->attr;
    size_t q = (size_t)attr->heads * attr->head_dim, kv = (size_t)attr->kv_heads * attr->head_dim;
    bool fits = attr->kv_heads && attr->heads % attr->kv_heads == 0 && shape->in_cols[0] == q && shape->in_cols[1] == kv && shape->in_cols[2] == kv &&
                shape->out_cols[0] == q && attr->head_dim <= ASSAY_FOLD;
    if (fits) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "attention of %u heads over %u key heads of %u columns: q %zu, k %zu, v %zu columns", attr->heads, attr->kv_heads,
                           attr->head_dim, shape->in_cols[0], shape->in_cols[1], shape->in_cols[2]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0) | ASSAY_READS_IN(1) | ASSAY_READS_IN(2);
}

static size_t workspace(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward)
{
    return (size_t)workers * path_floats(bounds->longest_path, shape->attr->head_dim, backward) * sizeof(float);
}

static double flops(const assay_op_shape *shape, const double rows[ASSAY_SPACES], double context, bool backward)
{
    double forward = 4 * rows[shape->in_space[0]] * context * (double)shape->in_cols[0];
    return backward ? 2.5 * forward : forward;
}

static attention_job open_job(const assay_op_run *run, size_t tile, int worker, bool backward)
{
    size_t d = run->attr->head_dim, path = run->env->geometry->longest_path;
    float *base = (float *)run->workspace + (size_t)worker * path_floats(path, d, backward);
    attention_job job = {.run = run, .d = d, .kv_head = tile % run->attr->kv_heads, .group = run->attr->heads / run->attr->kv_heads};
    job.memory.k = base;
    job.memory.v = job.memory.k + path * d;
    job.memory.p = job.memory.v + path * d;
    job.memory.ds = job.memory.c = job.memory.p + QUERIES * path;
    job.memory.dk = job.memory.ds + QUERIES * path;
    job.memory.dv = job.memory.dk + path * d;
    job.scratch = (char *)run->env->scratch + (size_t)worker * assay_gemm_scratch_bytes();
    return job;
}

static void fetch(const attention_job *job, const assay_view *from, size_t row, float *to)
{
    size_t at = row * from->ld + job->kv_head * job->d;
    if (from->half)
        job->run->env->kernels->rows->widen(from->half + at, to, job->d);
    else
        memcpy(to, from->data + at, job->d * sizeof(float));
}

/* Key and value rows of the whole path of a segment, by position. */
static void gather_path(const attention_job *job, int32_t index)
{
    const assay_view *k = &job->run->in[1], *v = &job->run->in[2];
    size_t d = job->d;
    while (index >= 0) {
        const assay_segment *segment = &job->run->env->geometry->segments[index];
        for (size_t i = 0; i < segment->rows; i++) {
            size_t t = segment->first + i, position = segment->base + i;
            fetch(job, k, t, job->memory.k + position * d);
            fetch(job, v, t, job->memory.v + position * d);
        }
        index = segment->parent;
    }
}

/* The queries a segment has in the queries' space; false: none. */
static bool segment_queries(const assay_op_run *run, const assay_segment *segment, query_block *all)
{
    if (run->in_space[0] == ASSAY_TOKENS)
        *all = (query_block){.row = segment->first, .rows = segment->rows, .position = segment->base};
    else if (segment->scored_row >= 0)
        *all = (query_block){.row = (size_t)segment->scored_row, .rows = 1, .position = (size_t)segment->base + segment->rows - 1};
    else
        return false;
    return true;
}

static query_block cut_block(const query_block *all, size_t start)
{
    size_t rows = all->rows - start < QUERIES ? all->rows - start : QUERIES;
    return (query_block){.row = all->row + start, .rows = rows, .position = all->position + start, .keys = all->position + start + rows};
}

static assay_matrix head_rows(const assay_view *view, const query_block *block, size_t head, size_t d)
{
    assay_view part = *view;
    if (part.data) part.data += block->row * view->ld + head * d;
    if (part.half) part.half += block->row * view->ld + head * d;
    return assay_view_matrix(&part);
}

static void multiply(const attention_job *job, size_t m, size_t n, size_t k, assay_matrix a, assay_matrix b, float *c, size_t ldc, bool add)
{
    assay_gemm_args args = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .ldc = ldc, .add = add};
    assay_gemm_serial(job->run->env->kernels, job->scratch, &args);
}

/* p [rows, keys] = q k^T, not yet scaled */
static void raw_scores(const attention_job *job, const query_block *block, size_t head)
{
    multiply(job, block->rows, block->keys, job->d, head_rows(&job->run->in[0], block, head, job->d),
             assay_matrix_transposed(assay_matrix_rows(job->memory.k, job->d)), job->memory.p, block->keys, false);
}

static void forward_block(const attention_job *job, const query_block *block, size_t head)
{
    const assay_op_run *run = job->run;
    const assay_view *c = &run->out[0];
    raw_scores(job, block, head);
    for (size_t i = 0; i < block->rows; i++)
        run->env->kernels->rows->softmax(job->memory.p + i * block->keys, block->position + i + 1, block->keys, run->attr->scale);
    multiply(job, block->rows, job->d, block->keys, assay_matrix_rows(job->memory.p, block->keys), assay_matrix_rows(job->memory.v, job->d),
             c->half ? job->memory.c : c->data + block->row * c->ld + head * job->d, c->half ? job->d : c->ld, false);
    for (size_t i = 0; c->half && i < block->rows; i++)
        run->env->kernels->rows->narrow(job->memory.c + i * job->d, c->half + (block->row + i) * c->ld + head * job->d, job->d);
}

static void forward_tile(void *context, size_t tile, int worker)
{
    const assay_op_run *run = context;
    attention_job job = open_job(run, tile, worker, false);
    const assay_tree *tree = &run->env->geometry->trees[tile / run->attr->kv_heads];
    for (uint32_t s = tree->first_segment; s < tree->first_segment + tree->segments; s++) {
        query_block all;
        if (!segment_queries(run, &run->env->geometry->segments[s], &all)) continue;
        gather_path(&job, (int32_t)s);
        for (size_t start = 0; start < all.rows; start += QUERIES) {
            query_block block = cut_block(&all, start);
            for (size_t head = job.kv_head * job.group; head < (job.kv_head + 1) * job.group; head++) forward_block(&job, &block, head);
        }
    }
}

static void forward(const assay_op_run *run)
{
    assay_pool_run(run->env->pool, forward_tile, (void *)(uintptr_t)run, run->env->geometry->tree_count * run->attr->kv_heads);
}

/* p and ds of one block: p = softmax once more, ds = p * (dp - rowsum(p * dp)) * scale with dp = dc v^T. The row's sum is taken of the very p and dp it
 * is subtracted from, so that ds sums to zero as closely as f32 allows: the cheaper rowsum(dc * c) leaves an error that attention sinks blow up. */
static void block_gradients(const attention_job *job, const query_block *block, size_t head)
{
    const assay_op_run *run = job->run;
    const assay_rows *k = run->env->kernels->rows;
    raw_scores(job, block, head);
    multiply(job, block->rows, block->keys, job->d, head_rows(&run->d_out[0], block, head, job->d),
             assay_matrix_transposed(assay_matrix_rows(job->memory.v, job->d)), job->memory.ds, block->keys, false);
    for (size_t i = 0; i < block->rows; i++) {
        float *p = job->memory.p + i * block->keys, *ds = job->memory.ds + i * block->keys;
        size_t seen = block->position + i + 1;
        k->softmax(p, seen, block->keys, run->attr->scale);
        k->softmax_backward(p, ds, block->keys, k->dot(p, ds, seen), run->attr->scale);
    }
}

static void backward_block(const attention_job *job, const query_block *block, size_t head)
{
    const assay_op_run *run = job->run;
    const assay_view *dq = &run->d_in[0];
    size_t d = job->d, keys = block->keys;
    assay_matrix ds = assay_matrix_rows(job->memory.ds, keys), p = assay_matrix_rows(job->memory.p, keys);
    block_gradients(job, block, head);
    if (dq->data)
        multiply(job, block->rows, d, keys, ds, assay_matrix_rows(job->memory.k, d), dq->data + block->row * dq->ld + head * d, dq->ld, run->add[0]);
    multiply(job, keys, d, block->rows, assay_matrix_transposed(ds), head_rows(&run->in[0], block, head, d), job->memory.dk, d, true);
    multiply(job, keys, d, block->rows, assay_matrix_transposed(p), head_rows(&run->d_out[0], block, head, d), job->memory.dv, d, true);
}

/* Brings a path's gradients home: a segment's own rows are written (or added to, as asked), its ancestors' rows always added to. */
static void scatter_rows(const attention_job *job, const assay_view *to, const float *from, int32_t index, bool add)
{
    size_t d = job->d, col = job->kv_head * d;
    if (!to->data) return;
    for (; index >= 0; index = job->run->env->geometry->segments[index].parent, add = true) {
        const assay_segment *segment = &job->run->env->geometry->segments[index];
        for (size_t i = 0; i < segment->rows; i++) {
            float *row = to->data + (segment->first + i) * to->ld + col;
            const float *gradient = from + (segment->base + i) * d;
            if (add)
                job->run->env->kernels->rows->axpy(1.0f, gradient, row, d);
            else
                memcpy(row, gradient, d * sizeof(float));
        }
    }
}

static void backward_segment(const attention_job *job, uint32_t s)
{
    const assay_op_run *run = job->run;
    const assay_segment *segment = &run->env->geometry->segments[s];
    size_t path = (size_t)segment->base + segment->rows;
    query_block all;
    memset(job->memory.dk, 0, path * job->d * sizeof(float));
    memset(job->memory.dv, 0, path * job->d * sizeof(float));
    if (segment_queries(run, segment, &all)) {
        gather_path(job, (int32_t)s);
        for (size_t start = 0; start < all.rows; start += QUERIES) {
            query_block block = cut_block(&all, start);
            for (size_t head = job->kv_head * job->group; head < (job->kv_head + 1) * job->group; head++) backward_block(job, &block, head);
        }
    }
    scatter_rows(job, &run->d_in[1], job->memory.dk, (int32_t)s, run->add[1]);
    scatter_rows(job, &run->d_in[2], job->memory.dv, (int32_t)s, run->add[2]);
}

static void backward_tile(void *context, size_t tile, int worker)
{
    const assay_op_run *run = context;
    attention_job job = open_job(run, tile, worker, true);
    const assay_tree *tree = &run->env->geometry->trees[tile / run->attr->kv_heads];
    for (uint32_t s = tree->first_segment; s < tree->first_segment + tree->segments; s++) backward_segment(&job, s);
}

static void backward(const assay_op_run *run)
{
    assay_pool_run(run->env->pool, backward_tile, (void *)(uintptr_t)run, run->env->geometry->tree_count * run->attr->kv_heads);
}

const assay_op assay_op_attention = {.name = "attention",
                                     .passes_gradient = -1,
                                     .check = check,
                                     .reads = reads,
                                     .workspace = workspace,
                                     .flops = flops,
                                     .forward = forward,
                                     .backward = backward};
