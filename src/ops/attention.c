/* c = softmax(scale * q k^T, causal along the path) v, head by head, with grouped keys and values. In 0: q [Tq, heads *
 * d], in 1: k [T, kv_heads * d], in 2: v likewise. Out 0: c [Tq, heads * d]. Neither scores nor probabilities are ever
 * stored beyond a tile; backward makes them again (Dao et al., arXiv:2205.14135). q may live in the scored rows (the
 * last layer needs no other queries); k and v are token rows. With attr->bf16 every product has bf16 operands
 * (probabilities are rounded for it) and f32 sums; the softmax is f32. A token sees its path: its segment's ancestors,
 * then its own segment up to itself, or as far as the segment is open (geometry.h). Tiles of keys are cut by position
 * along the path, the running softmax goes tile by tile, and every query is a lane of its own, so a query's bits depend
 * on nothing but its own path: tiles behind its own position, which a neighbour in its block looks at, change nothing
 * (they shrink by e^0 and add zero). Tiles that no query of a block sees are never computed. Variants (attr->window,
 * cap, slopes) bend, shift and mask a tile's scores (attention_tiles.c); a window also leaves out the tiles before it,
 * and a query's bits do not know which of its block's tiles lie before its own window: what they leave in its sums is
 * wiped out exactly. A job of the forward direction is (run of query blocks, key head): it packs the keys and values of
 * its path once for all its blocks and all heads of the group. Jobs with the longest rows come first, so that the last
 * ones are short. The backward direction is attention_backward.c. */
#include "ops/attention_backward.h"
#include "ops/attention_tiles.h"

#include <math.h>
#include <string.h>

enum { RUN = 4 * ASSAY_QUERIES }; /* queries of a job */

typedef struct forward_memory {
    uint32_t *gathered; /* see attention_tiles.h */
    assay_packed k, v, q, p;
    float *s;                  /* [ASSAY_TILE_KEYS, ASSAY_QUERIES] */
    float *c;                  /* [ASSAY_QUERIES, wide_d] */
    float *max, *sum, *shrink; /* [ASSAY_QUERIES] */
} forward_memory;

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    const assay_op_attributes *attr = shape->attr;
    size_t q = (size_t)attr->heads * attr->head_dim, kv = (size_t)attr->kv_heads * attr->head_dim;
    bool fits = attr->kv_heads && attr->heads % attr->kv_heads == 0 && shape->in_cols[0] == q &&
                shape->in_cols[1] == kv && shape->in_cols[2] == kv && shape->out_cols[0] == q &&
                attr->head_dim <= ASSAY_FOLD;
    if (fits) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_FORMAT, "attention of %u heads over %u key heads of %u columns: q %zu, k %zu, v %zu columns",
        attr->heads, attr->kv_heads, attr->head_dim, shape->in_cols[0], shape->in_cols[1], shape->in_cols[2]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return ASSAY_READS_IN(0) | ASSAY_READS_IN(1) | ASSAY_READS_IN(2);
}

/* The one list of a worker's memory. */
static forward_memory divide(const assay_op_attributes *attr, size_t longest_path, assay_attention_room *room)
{
    size_t d = attr->head_dim, wide_d = assay_attention_columns(d), path = assay_attention_path(longest_path),
           lane_d = assay_attention_lane(attr->bf16, d), lane_path = assay_attention_lane(attr->bf16, path),
           lane_keys = assay_attention_lane(attr->bf16, ASSAY_TILE_KEYS);
    forward_memory m = {.k = {.k_room = d, .left = true},
                        .v = {.k_room = ASSAY_TILE_KEYS},
                        .q = {.k_room = d},
                        .p = {.k_room = ASSAY_TILE_KEYS, .left = true}};
    m.gathered = assay_attention_take(room, ASSAY_TILE_KEYS * d);
    m.k.words = assay_attention_take(room, path * lane_d);
    m.v.words = assay_attention_take(room, lane_path * wide_d);
    m.q.words = assay_attention_take(room, ASSAY_QUERIES * lane_d);
    m.p.words = assay_attention_take(room, ASSAY_QUERIES * lane_keys);
    m.s = assay_attention_take_floats(room, ASSAY_TILE_KEYS * ASSAY_QUERIES);
    m.c = assay_attention_take_floats(room, ASSAY_QUERIES * wide_d);
    m.max = assay_attention_take_floats(room, ASSAY_QUERIES);
    m.sum = assay_attention_take_floats(room, ASSAY_QUERIES);
    m.shrink = assay_attention_take_floats(room, ASSAY_QUERIES);
    return m;
}

static size_t forward_words(const assay_op_attributes *attr, size_t longest_path)
{
    assay_attention_room room = {0};
    divide(attr, longest_path, &room);
    return room.words;
}

static size_t workspace(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward)
{
    size_t words = backward ? assay_attention_backward_words(shape->attr, bounds->longest_path)
                            : forward_words(shape->attr, bounds->longest_path);
    return (size_t)workers * words * sizeof(uint32_t);
}

static double flops(const assay_op_shape *shape, const double rows[ASSAY_SPACES], double context, bool backward)
{
    double seen = shape->attr->window && context > shape->attr->window ? shape->attr->window : context;
    double forward = 4 * rows[shape->in_space[0]] * seen * (double)shape->in_cols[0];
    return backward ? 2.5 * forward : forward;
}

static void pack_probabilities(const assay_attention *a, const forward_memory *m, size_t rows, size_t keys)
{
    if (a->bf16) a->kernels->scores->pack(m->p.words, ASSAY_BF16_MR * ASSAY_TILE_KEYS / 2, m->s, keys);
    else assay_attention_pack(a, &m->p, assay_matrix_transposed(assay_matrix_rows(m->s, ASSAY_QUERIES)), rows, keys);
}

/* One tile of keys joins the running softmax. */
static void take_tile(const assay_attention *a, const forward_memory *m, const assay_query_block *block, size_t head,
                      size_t start)
{
    bool first = start == assay_attention_first(a, block->position);
    size_t keys = assay_attention_seen(block, start);
    assay_packed v = assay_attention_tile(a, &m->v, start);
    assay_attention_scores(a, block, head, &m->k, &m->q, start, m->s, NULL);
    a->kernels->scores->fold(m->s, keys, block->lanes, a->run->attr->scale, m->max, m->sum, m->shrink);
    for (size_t i = 0; !first && i < block->rows; i++)
        if (m->shrink[i] == 0.0f && a->run->attr->window) /* not even the sign of a zero is left */
            memset(m->c + i * a->wide_d, 0, a->d * sizeof(float));
        else if (m->shrink[i] != 1.0f)
            a->kernels->rows->scale(m->shrink[i], m->c + i * a->wide_d, m->c + i * a->wide_d, a->d);
    pack_probabilities(a, m, block->rows, keys);
    assay_attention_multiply(a, &m->p, &v, block->rows, a->d, keys, m->c, a->wide_d, !first);
}

static void forward_block(const assay_attention *a, const forward_memory *m, const assay_query_block *block,
                          size_t head)
{
    const assay_rows *rows = a->kernels->rows;
    const assay_view *c = &a->run->out[0];
    assay_attention_pack(a, &m->q, assay_attention_head(a, &a->run->in[0], block->row, head), block->rows, a->d);
    for (size_t i = 0; i < block->lanes; i++) m->max[i] = -INFINITY, m->sum[i] = 0;
    for (size_t start = assay_attention_first(a, block->position); start < block->keys; start += ASSAY_TILE_KEYS)
        take_tile(a, m, block, head, start);
    for (size_t i = 0; i < block->rows; i++) {
        float *row = m->c + i * a->wide_d;
        size_t at = (block->row + i) * c->ld + head * a->d;
        rows->scale(1.0f / m->sum[i], row, row, a->d);
        if (c->bf16) rows->narrow(row, c->bf16 + at, a->d);
        else memcpy(c->data + at, row, a->d * sizeof *row);
    }
}

/* The job's segment and its queries; jobs are counted from the last segment's last run backwards. */
static size_t find_run(const assay_op_run *run, size_t job, assay_query_block *all)
{
    for (size_t s = run->env->geometry->segment_count; s-- > 0;) {
        assay_query_block whole;
        if (!assay_attention_queries(run, &run->env->geometry->segments[s], &whole)) continue;
        size_t runs = (whole.rows + RUN - 1) / RUN, first = (runs - 1 - job) * RUN, left = whole.rows - first;
        if (job < runs) {
            *all = (assay_query_block){.row = whole.row + first,
                                       .rows = left < RUN ? left : RUN,
                                       .position = whole.position + first,
                                       .open = whole.open};
            return s;
        }
        job -= runs;
    }
    *all = (assay_query_block){0}; /* a job too many has no queries */
    return 0;
}

static size_t count_runs(const assay_op_run *run)
{
    size_t runs = 0;
    for (size_t s = 0; s < run->env->geometry->segment_count; s++) {
        assay_query_block all;
        if (assay_attention_queries(run, &run->env->geometry->segments[s], &all)) runs += (all.rows + RUN - 1) / RUN;
    }
    return runs;
}

static void forward_job(void *context, size_t job, int worker)
{
    const assay_op_run *run = *(const assay_op_run **)context;
    size_t longest_path = run->env->geometry->longest_path;
    assay_attention_room room = {(uint32_t *)run->workspace + (size_t)worker * forward_words(run->attr, longest_path),
                                 0};
    forward_memory m = divide(run->attr, longest_path, &room);
    assay_attention a = assay_attention_open(run, job % run->attr->kv_heads, m.gathered);
    assay_query_block all;
    int32_t segment = (int32_t)find_run(run, job / run->attr->kv_heads, &all);
    size_t first = assay_attention_first(&a, all.position), end = all.position + all.rows,
           path = end > all.open ? end : all.open;
    assay_attention_pack_path(&a, &m.k, &run->in[1], segment, first, path);
    assay_attention_pack_path(&a, &m.v, &run->in[2], segment, first, path);
    for (size_t start = 0; start < all.rows; start += ASSAY_QUERIES) {
        assay_query_block block = assay_attention_block(&a, &all, start);
        for (size_t head = a.kv_head * a.group; head < (a.kv_head + 1) * a.group; head++)
            forward_block(&a, &m, &block, head);
    }
}

static void forward(const assay_op_run *run)
{
    assay_pool_run(run->env->pool, forward_job, &run, count_runs(run) * run->attr->kv_heads);
}

const assay_op assay_op_attention = {.name = "attention",
                                     .passes_gradient = -1,
                                     .check = check,
                                     .reads = reads,
                                     .workspace = workspace,
                                     .flops = flops,
                                     .forward = forward,
                                     .backward = assay_attention_backward};
