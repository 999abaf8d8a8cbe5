/* Gradients of attention: dv = p^T dc, ds = p * (dp - rowsum(p * dp)) * scale with dp = dc v^T, dq = ds k, dk = ds^T q.
 * Two sweeps over tiles, nothing of which is kept but three numbers a query and head. The first makes the softmax's
 * maximum and sum again, and with them rowsum(p * dp), of the very p and dp it is subtracted from, so that ds sums to
 * zero as closely as f32 allows: the cheaper rowsum(dc * c) leaves an error that attention sinks blow up. The second
 * goes tile of keys by tile of keys, so that a tile's dk and dv stay in the cache while all its queries pass by. A job
 * is one (tree, key head): it alone writes its tree's key and value gradients, in the fixed order segment, tile, block
 * of queries, head; a prompt's rows get their own segment's share first, then each answer's. A segment's queries are
 * cut into blocks from its first on, so the sums know nothing of the batch. */
#include "ops/attention_backward.h"

#include "ops/attention_tiles.h"

#include <math.h>
#include <string.h>

/* Named by operand; `rows` of a block or tile on the left or right of a product. */
typedef struct backward_memory {
    uint32_t *gathered;                 /* see attention_tiles.h */
    assay_packed k, v;                  /* positions left, over d */
    assay_packed k_columns;             /* d right, over positions */
    assay_packed q, dc;                 /* queries right, over d */
    assay_packed q_columns, dc_columns; /* d right, over queries */
    assay_packed ds_queries;            /* queries left, over positions */
    assay_packed p_keys, ds_keys;       /* positions left, over queries */
    float *p, *ds;                      /* [ASSAY_TILE_KEYS, ASSAY_QUERIES] */
    float *slope;                       /* the same, of capped scores; else NULL */
    float *dq;                          /* [ASSAY_QUERIES, wide_d] */
    float *dk, *dv;                     /* [path, wide_d] */
    float *statistics;                  /* [blocks, group, 3, ASSAY_QUERIES]: maximum, sum or its inverse, delta */
} backward_memory;

static assay_packed take_packed(assay_attention_room *room, bool left, size_t k_room, size_t words)
{
    return (assay_packed){.words = assay_attention_take(room, words), .k_room = k_room, .left = left};
}

/* The one list of a worker's memory. */
static backward_memory divide(const assay_op_attributes *attr, size_t longest_path, assay_attention_room *room)
{
    size_t d = attr->head_dim, wide_d = assay_attention_columns(d), path = assay_attention_path(longest_path),
           blocks = (longest_path + ASSAY_QUERIES - 1) / ASSAY_QUERIES, scores = ASSAY_TILE_KEYS * ASSAY_QUERIES;
    size_t lane_d = assay_attention_lane(attr->bf16, d), lane_path = assay_attention_lane(attr->bf16, path),
           lane_keys = assay_attention_lane(attr->bf16, ASSAY_TILE_KEYS),
           lane_queries = assay_attention_lane(attr->bf16, ASSAY_QUERIES);
    backward_memory m = {.gathered = assay_attention_take(room, ASSAY_TILE_KEYS * d)};
    m.k = take_packed(room, true, d, path * lane_d);
    m.v = take_packed(room, true, d, path * lane_d);
    m.k_columns = take_packed(room, false, ASSAY_TILE_KEYS, lane_path * wide_d);
    m.q = take_packed(room, false, d, ASSAY_QUERIES * lane_d);
    m.dc = take_packed(room, false, d, ASSAY_QUERIES * lane_d);
    m.q_columns = take_packed(room, false, ASSAY_QUERIES, lane_queries * wide_d);
    m.dc_columns = take_packed(room, false, ASSAY_QUERIES, lane_queries * wide_d);
    m.ds_queries = take_packed(room, true, ASSAY_TILE_KEYS, ASSAY_QUERIES * lane_keys);
    m.p_keys = take_packed(room, true, ASSAY_QUERIES, ASSAY_TILE_KEYS * lane_queries);
    m.ds_keys = take_packed(room, true, ASSAY_QUERIES, ASSAY_TILE_KEYS * lane_queries);
    m.p = assay_attention_take_floats(room, scores);
    m.ds = assay_attention_take_floats(room, scores);
    m.slope = attr->cap > 0 ? assay_attention_take_floats(room, scores) : NULL;
    m.dq = assay_attention_take_floats(room, ASSAY_QUERIES * wide_d);
    m.dk = assay_attention_take_floats(room, path * wide_d);
    m.dv = assay_attention_take_floats(room, path * wide_d);
    m.statistics = assay_attention_take_floats(room, blocks * (attr->heads / attr->kv_heads) * 3 * ASSAY_QUERIES);
    return m;
}

size_t assay_attention_backward_words(const assay_op_attributes *attr, size_t longest_path)
{
    assay_attention_room room = {0};
    divide(attr, longest_path, &room);
    return room.words;
}

static float *statistics_of(const assay_attention *a, const backward_memory *m, size_t block, size_t head)
{
    return m->statistics + (block * a->group + head - a->kv_head * a->group) * 3 * ASSAY_QUERIES;
}

/* Raw scores into p, dp into ds. */
static void make_tile(const assay_attention *a, const backward_memory *m, const assay_query_block *block, size_t head,
                      size_t start)
{
    assay_packed v = assay_attention_tile(a, &m->v, start);
    assay_attention_scores(a, block, head, &m->k, &m->q, start, m->p, m->slope);
    assay_attention_multiply(a, &v, &m->dc, assay_attention_seen(block, start), block->rows, a->d, m->ds, ASSAY_QUERIES,
                             false);
}

static void pack_block(const assay_attention *a, const backward_memory *m, const assay_query_block *block, size_t head)
{
    assay_attention_pack(a, &m->q, assay_attention_head(a, &a->run->in[0], block->row, head), block->rows, a->d);
    assay_attention_pack(a, &m->dc, assay_attention_head(a, &a->run->d_out[0], block->row, head), block->rows, a->d);
}

/* The first sweep over one block. */
static void make_statistics(const assay_attention *a, const backward_memory *m, const assay_query_block *block,
                            size_t head, float *statistics)
{
    float *max = statistics, *sum = max + ASSAY_QUERIES, *delta = sum + ASSAY_QUERIES;
    pack_block(a, m, block, head);
    for (size_t i = 0; i < ASSAY_QUERIES; i++) max[i] = -INFINITY, sum[i] = delta[i] = 0;
    for (size_t start = assay_attention_first(a, block->position); start < block->keys; start += ASSAY_TILE_KEYS) {
        make_tile(a, m, block, head, start);
        a->kernels->scores->fold_backward(m->p, m->ds, assay_attention_seen(block, start), block->lanes,
                                          a->run->attr->scale, max, sum, delta);
    }
    for (size_t i = 0; i < block->lanes; i++) {
        sum[i] = 1.0f / sum[i];
        delta[i] *= sum[i];
    }
}

/* dq of a block grows by a tile's share, in rising order of tiles. */
static void add_queries(const assay_attention *a, const backward_memory *m, const assay_query_block *block, size_t head,
                        size_t start)
{
    const assay_view *dq = &a->run->d_in[0];
    size_t keys = assay_attention_seen(block, start);
    bool add = start > assay_attention_first(a, block->position) || a->run->add[0];
    float *home = dq->data + block->row * dq->ld + head * a->d;
    assay_packed k = assay_attention_tile(a, &m->k_columns, start);
    if (a->bf16) a->kernels->scores->pack(m->ds_queries.words, ASSAY_BF16_MR * ASSAY_TILE_KEYS / 2, m->ds, keys);
    else
        assay_attention_pack(a, &m->ds_queries, assay_matrix_transposed(assay_matrix_rows(m->ds, ASSAY_QUERIES)),
                             block->rows, keys);
    for (size_t i = 0; add && i < block->rows; i++)
        memcpy(m->dq + i * a->wide_d, home + i * dq->ld, a->d * sizeof(float));
    assay_attention_multiply(a, &m->ds_queries, &k, block->rows, a->d, keys, m->dq, a->wide_d, add);
    for (size_t i = 0; i < block->rows; i++) memcpy(home + i * dq->ld, m->dq + i * a->wide_d, a->d * sizeof(float));
}

/* dk (or dv) of a tile grows by a block's share. */
static void add_keys(const assay_attention *a, const assay_query_block *block, size_t start, const float *scores,
                     const assay_packed *left, const assay_packed *right, float *gradients)
{
    size_t keys = assay_attention_seen(block, start);
    assay_attention_pack(a, left, assay_matrix_rows(scores, ASSAY_QUERIES), keys, block->rows);
    assay_attention_multiply(a, left, right, keys, a->d, block->rows, gradients + start * a->wide_d, a->wide_d, true);
}

/* The second sweep: one tile of keys against one block. */
static void take_tile(const assay_attention *a, const backward_memory *m, const assay_query_block *block, size_t head,
                      size_t start, const float *statistics)
{
    const float *max = statistics, *inverse = max + ASSAY_QUERIES, *delta = inverse + ASSAY_QUERIES;
    pack_block(a, m, block, head);
    assay_attention_pack(a, &m->q_columns,
                         assay_matrix_transposed(assay_attention_head(a, &a->run->in[0], block->row, head)), a->d,
                         block->rows);
    assay_attention_pack(a, &m->dc_columns,
                         assay_matrix_transposed(assay_attention_head(a, &a->run->d_out[0], block->row, head)), a->d,
                         block->rows);
    make_tile(a, m, block, head, start);
    a->kernels->scores->gradients(m->p, m->ds, assay_attention_seen(block, start), block->lanes, a->run->attr->scale,
                                  max, inverse, delta);
    for (size_t i = 0; m->slope && i < assay_attention_seen(block, start); i++)
        for (size_t j = 0; j < block->lanes; j++) m->ds[i * ASSAY_QUERIES + j] *= m->slope[i * ASSAY_QUERIES + j];
    if (a->run->d_in[0].data) add_queries(a, m, block, head, start);
    if (a->run->d_in[1].data) add_keys(a, block, start, m->ds, &m->ds_keys, &m->q_columns, m->dk);
    if (a->run->d_in[2].data) add_keys(a, block, start, m->p, &m->p_keys, &m->dc_columns, m->dv);
}

static void sweep(const assay_attention *a, const backward_memory *m, const assay_query_block *all)
{
    size_t first_head = a->kv_head * a->group, path = all->position + all->rows;
    for (size_t i = 0; i < all->rows; i += ASSAY_QUERIES) {
        assay_query_block block = assay_attention_block(a, all, i);
        for (size_t head = first_head; head < first_head + a->group; head++)
            make_statistics(a, m, &block, head, statistics_of(a, m, i / ASSAY_QUERIES, head));
    }
    for (size_t start = 0; start < path; start += ASSAY_TILE_KEYS)
        for (size_t i = 0; i < all->rows; i += ASSAY_QUERIES) {
            assay_query_block block = assay_attention_block(a, all, i);
            if (block.keys <= start || start < assay_attention_first(a, block.position)) continue;
            for (size_t head = first_head; head < first_head + a->group; head++)
                take_tile(a, m, &block, head, start, statistics_of(a, m, i / ASSAY_QUERIES, head));
        }
}

/* Brings a path's gradients home: a segment's own rows are written (or added to, as asked), its ancestors' rows always
 * added to. */
static void scatter_rows(const assay_attention *a, const assay_view *to, const float *from, int32_t index, bool add)
{
    size_t col = a->kv_head * a->d;
    if (!to->data) return;
    for (; index >= 0; index = a->run->env->geometry->segments[index].parent, add = true) {
        const assay_segment *segment = &a->run->env->geometry->segments[index];
        for (size_t i = 0; i < segment->rows; i++) {
            float *row = to->data + (segment->first + i) * to->ld + col;
            const float *gradient = from + (segment->base + i) * a->wide_d;
            if (add) a->kernels->rows->axpy(1.0f, gradient, row, a->d);
            else memcpy(row, gradient, a->d * sizeof(float));
        }
    }
}

static void backward_segment(const assay_attention *a, const backward_memory *m, uint32_t s)
{
    const assay_op_run *run = a->run;
    const assay_segment *segment = &run->env->geometry->segments[s];
    size_t path = (size_t)segment->base + segment->rows, bytes = assay_attention_path(path) * a->wide_d * sizeof(float);
    assay_query_block all;
    memset(m->dk, 0, bytes);
    memset(m->dv, 0, bytes);
    if (assay_attention_queries(run, segment, &all)) {
        assay_attention_pack_path(a, &m->k, &run->in[1], (int32_t)s, 0, path);
        assay_attention_pack_path(a, &m->v, &run->in[2], (int32_t)s, 0, path);
        assay_attention_pack_path(a, &m->k_columns, &run->in[1], (int32_t)s, 0, path);
        sweep(a, m, &all);
    }
    scatter_rows(a, &run->d_in[1], m->dk, (int32_t)s, run->add[1]);
    scatter_rows(a, &run->d_in[2], m->dv, (int32_t)s, run->add[2]);
}

static void backward_job(void *context, size_t job, int worker)
{
    const assay_op_run *run = *(const assay_op_run **)context;
    size_t longest_path = run->env->geometry->longest_path,
           words = assay_attention_backward_words(run->attr, longest_path);
    assay_attention_room room = {(uint32_t *)run->workspace + (size_t)worker * words, 0};
    backward_memory m = divide(run->attr, longest_path, &room);
    assay_attention a = assay_attention_open(run, job % run->attr->kv_heads, m.gathered);
    const assay_tree *tree = &run->env->geometry->trees[job / run->attr->kv_heads];
    for (uint32_t s = tree->first_segment; s < tree->first_segment + tree->segments; s++) backward_segment(&a, &m, s);
}

void assay_attention_backward(const assay_op_run *run)
{
    assay_pool_run(run->env->pool, backward_job, &run, run->env->geometry->tree_count * run->attr->kv_heads);
}
