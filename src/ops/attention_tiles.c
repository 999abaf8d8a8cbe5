#include "ops/attention_tiles.h"

#include "base/sizes.h"

#include <math.h>
#include <string.h>

/* Whole panels of every kernel set: of left operands (4, 6, 12 lanes) and right ones (16, 32). */
enum { LEFT = ASSAY_BF16_MR, RIGHT = ASSAY_BF16_NR, LINE = 16 };

_Static_assert(ASSAY_TILE_KEYS % LEFT == 0 && ASSAY_QUERIES % LEFT == 0 && ASSAY_QUERIES % RIGHT == 0,
               "tiles are whole panels");

static size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

size_t assay_attention_lane(bool bf16, size_t k) { return bf16 ? (k + 1) / 2 : k; }
size_t assay_attention_path(size_t path) { return round_up(path, ASSAY_TILE_KEYS); }
size_t assay_attention_columns(size_t d) { return round_up(d, RIGHT); }

uint32_t *assay_attention_take(assay_attention_room *room, size_t words)
{
    uint32_t *taken = room->block ? room->block + room->words : NULL;
    room->words += round_up(words, LINE);
    return taken;
}

float *assay_attention_take_floats(assay_attention_room *room, size_t count)
{
    return (float *)(void *)assay_attention_take(room, count);
}

assay_attention assay_attention_open(const assay_op_run *run, size_t kv_head, uint32_t *gathered)
{
    const assay_kernels *kernels = run->env->kernels;
    assay_attention a = {.run = run,
                         .kernels = kernels,
                         .bf16 = run->attr->bf16,
                         .mr = kernels->mr,
                         .nr = kernels->nr,
                         .d = run->attr->head_dim,
                         .kv_head = kv_head,
                         .gathered = gathered};
    if (a.bf16) a.mr = ASSAY_BF16_MR, a.nr = ASSAY_BF16_NR;
    a.wide_d = assay_attention_columns(a.d);
    a.group = run->attr->heads / run->attr->kv_heads;
    return a;
}

static size_t panel_words(const assay_attention *a, const assay_packed *p)
{
    return (p->left ? a->mr : a->nr) * assay_attention_lane(a->bf16, p->k_room);
}

static void pack_panels(const assay_attention *a, const assay_packed *to, const assay_matrix *from, size_t lanes,
                        size_t k)
{
    size_t width = to->left ? a->mr : a->nr, words = panel_words(a, to), bytes = assay_dtype_block_bytes(from->dtype);
    uint32_t *dst = to->words;
    if (a->bf16) {
        const assay_lanes all = assay_matrix_lanes(from, 0, lanes, 0, k);
        a->kernels->bf16->pack(dst, width, words, &all);
        return;
    }
    for (size_t lane = 0; lane < lanes; lane += width, dst += words)
        a->kernels->pack((float *)(void *)dst, width, from->dtype,
                         (const char *)from->data + (ptrdiff_t)(lane * bytes) * from->row_stride, from->row_stride,
                         from->col_stride, assay_smaller(width, lanes - lane), k);
}

void assay_attention_pack(const assay_attention *a, const assay_packed *to, assay_matrix from, size_t lanes, size_t k)
{
    size_t width = to->left ? a->mr : a->nr, words = panel_words(a, to),
           filled = width * assay_attention_lane(a->bf16, k);
    uint32_t *dst = to->words;
    pack_panels(a, to, &from, lanes, k);
    for (size_t lane = 0; lane < lanes; lane += width, dst += words)
        memset(dst + filled, 0, (words - filled) * sizeof *dst);
}

void assay_attention_multiply(const assay_attention *a, const assay_packed *left, const assay_packed *right, size_t m,
                              size_t n, size_t k, float *c, size_t ldc, bool add)
{
    size_t left_words = panel_words(a, left), right_words = panel_words(a, right);
    const uint32_t *r = right->words;
    for (size_t j = 0; j < n; j += a->nr, r += right_words) {
        const uint32_t *l = left->words;
        for (size_t i = 0; i < m; i += a->mr, l += left_words) {
            float *tile = c + i * ldc + j;
            if (a->bf16) a->kernels->bf16->tile((k + 1) / 2, l, r, tile, ldc, add, NULL);
            else a->kernels->tile(k, (const float *)(const void *)l, (const float *)(const void *)r, tile, ldc, add);
        }
    }
}

assay_matrix assay_attention_head(const assay_attention *a, const assay_view *view, size_t row, size_t head)
{
    assay_view part = *view;
    size_t at = row * view->ld + head * a->d;
    if (part.data) part.data += at;
    if (part.bf16) part.bf16 += at;
    return assay_view_matrix(&part);
}

/* The path's rows at positions start .. start + count, one after another, and zeros up to whole panels. */
static assay_matrix gather(const assay_attention *a, const assay_view *view, int32_t index, size_t start, size_t count)
{
    assay_matrix rows = assay_attention_head(a, view, 0, a->kv_head);
    size_t bytes = assay_dtype_block_bytes(rows.dtype);
    memset((char *)a->gathered + count * a->d * bytes, 0, (round_up(count, LEFT) - count) * a->d * bytes);
    for (const assay_segment *segment; index >= 0; index = segment->parent) {
        segment = &a->run->env->geometry->segments[index];
        size_t first = segment->base > start ? segment->base : start,
               end = assay_smaller((size_t)segment->base + segment->rows, start + count);
        for (size_t position = first; position < end; position++) {
            size_t row = segment->first + (position - segment->base);
            memcpy((char *)a->gathered + (position - start) * a->d * bytes,
                   (const char *)rows.data + row * view->ld * bytes, a->d * bytes);
        }
    }
    return (assay_matrix){.data = a->gathered, .dtype = rows.dtype, .row_stride = (ptrdiff_t)a->d, .col_stride = 1};
}

assay_packed assay_attention_tile(const assay_attention *a, const assay_packed *path, size_t start)
{
    assay_packed tile = *path;
    tile.words += path->left ? start / a->mr * panel_words(a, path)
                             : start / ASSAY_TILE_KEYS * (a->wide_d / a->nr) * panel_words(a, path);
    return tile;
}

void assay_attention_pack_path(const assay_attention *a, const assay_packed *to, const assay_view *view, int32_t index,
                               size_t first, size_t path)
{
    for (size_t start = first; start < path; start += ASSAY_TILE_KEYS) {
        size_t count = assay_smaller(ASSAY_TILE_KEYS, path - start);
        assay_matrix rows = gather(a, view, index, start, count);
        assay_packed tile = assay_attention_tile(a, to, start);
        if (to->left) assay_attention_pack(a, &tile, rows, round_up(count, LEFT), a->d);
        else assay_attention_pack(a, &tile, assay_matrix_transposed(rows), a->d, count);
    }
}

bool assay_attention_queries(const assay_op_run *run, const assay_segment *segment, assay_query_block *all)
{
    if (run->in_space[0] == ASSAY_TOKENS)
        *all = (assay_query_block){
            .row = segment->first, .rows = segment->rows, .position = segment->base, .open = segment->open};
    else if (segment->scored_row >= 0)
        *all = (assay_query_block){.row = (size_t)segment->scored_row,
                                   .rows = 1,
                                   .position = (size_t)segment->base + segment->rows - 1,
                                   .open = segment->open};
    else return false;
    return true;
}

assay_query_block assay_attention_block(const assay_attention *a, const assay_query_block *all, size_t start)
{
    size_t rows = assay_smaller(ASSAY_QUERIES, all->rows - start), position = all->position + start;
    return (assay_query_block){.row = all->row + start,
                               .rows = rows,
                               .position = position,
                               .open = all->open,
                               .keys = assay_larger(position + rows, all->open),
                               .lanes = round_up(rows, a->nr)};
}

size_t assay_attention_seen(const assay_query_block *block, size_t start)
{
    return round_up(assay_smaller(ASSAY_TILE_KEYS, block->keys - start), LEFT);
}

size_t assay_attention_first(const assay_attention *a, size_t position)
{
    size_t window = a->run->attr->window;
    if (window == 0 || position < window) return 0;
    return (position + 1 - window) / ASSAY_TILE_KEYS * ASSAY_TILE_KEYS;
}

/* Scores are multiplied by attr->scale later, so the bend is that of scale * s, taken back by scale. */
static void bend(const assay_attention *a, const assay_query_block *block, size_t keys, float *s, float *slope)
{
    const assay_op_attributes *attr = a->run->attr;
    for (size_t i = 0; i < keys; i++)
        a->kernels->rows->cap(s + i * ASSAY_QUERIES, slope ? slope + i * ASSAY_QUERIES : NULL, block->lanes,
                              attr->scale / attr->cap, attr->cap / attr->scale);
}

/* ALiBi by distance instead of position: the softmax does not know the difference, and the numbers stay small. */
static void lean(const assay_attention *a, const assay_query_block *block, size_t head, size_t start, size_t keys,
                 float *s)
{
    float slope = a->run->attr->slopes[head] / a->run->attr->scale;
    for (size_t i = 0; i < keys; i++)
        for (size_t j = 0; j < block->lanes; j++) {
            float distance = (float)(block->position + j) - (float)(start + i);
            s[i * ASSAY_QUERIES + j] = fmaf(-slope, distance, s[i * ASSAY_QUERIES + j]);
        }
}

/* Query `position + j` sees keys from position + j + 1 - window on. */
static void mask_behind(const assay_attention *a, const assay_query_block *block, size_t start, size_t keys, float *s)
{
    size_t window = a->run->attr->window;
    for (size_t i = 0; window && i < keys; i++) {
        size_t last = start + i + window - 1; /* the last query that sees the key */
        size_t sighted = last < block->position ? 0 : assay_smaller(last + 1 - block->position, block->lanes);
        for (size_t j = sighted; j < block->lanes; j++) s[i * ASSAY_QUERIES + j] = -0x1p100f;
    }
}

void assay_attention_scores(const assay_attention *a, const assay_query_block *block, size_t head,
                            const assay_packed *k, const assay_packed *q, size_t start, float *s, float *slope)
{
    assay_packed tile = assay_attention_tile(a, k, start);
    size_t keys = assay_attention_seen(block, start),
           open = assay_larger(block->position + 1, block->open); /* positions that every query sees */
    assay_attention_multiply(a, &tile, q, keys, block->rows, a->d, s, ASSAY_QUERIES, false);
    if (a->run->attr->cap > 0) bend(a, block, keys, s, slope);
    if (a->run->attr->slopes) lean(a, block, head, start, keys, s);
    mask_behind(a, block, start, keys, s);
    for (size_t i = open > start ? open - start : 0; i < keys; i++) {
        size_t blind = assay_smaller(start + i - block->position, block->lanes);
        for (size_t j = 0; j < blind; j++) s[i * ASSAY_QUERIES + j] = -INFINITY;
    }
}
