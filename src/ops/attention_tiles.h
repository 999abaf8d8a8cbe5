/* What attention's two directions share: queries in blocks, a path's keys in tiles, packed operands and products of
 * them. A job works for one key head of one segment: assay_attention_open, then the rows of the segment's path (its
 * ancestors' and its own) are packed tile by tile, once for all the queries and heads that need them. A tile is
 * ASSAY_TILE_KEYS positions of the path, cut by position alone. A block is up to ASSAY_QUERIES consecutive queries of
 * the segment. Tiles of scores lie [keys, ASSAY_QUERIES]. Packed operands are panels of `mr` (left) or `nr` (right)
 * lanes, see kernels.h; a panel has room for k_room elements of the inner dimension, in bf16 runs two a word, in f32
 * runs one. All sizes here are in words of 4 bytes. */
#ifndef ASSAY_OPS_ATTENTION_TILES_H
#define ASSAY_OPS_ATTENTION_TILES_H

#include "ops/op.h"

enum { ASSAY_TILE_KEYS = 240 };

typedef struct assay_attention {
    const assay_op_run *run;
    const assay_kernels *kernels;
    bool bf16; /* products of bf16 */
    size_t mr, nr;
    size_t d, wide_d;      /* columns of a head, and rounded up to whole panels */
    size_t kv_head, group; /* query heads kv_head * group .. + group share the key head */
    uint32_t *gathered;    /* [ASSAY_TILE_KEYS, d]: rows of a tile on their way to be packed */
} assay_attention;

/* Consecutive queries of one segment. */
typedef struct assay_query_block {
    size_t row, rows; /* in the queries' space */
    size_t position;  /* of its first query */
    size_t open;      /* path positions that all its queries see (geometry.h) */
    size_t keys;      /* path positions that its last query sees */
    size_t lanes;     /* rows rounded up to whole panels: the columns of a tile that products write */
} assay_query_block;

/* A packed operand. */
typedef struct assay_packed {
    uint32_t *words;
    size_t k_room;
    bool left;
} assay_packed;

/* A worker's memory being divided. Each direction has one list of what lies in it, a function that takes part after
 * part; with block NULL it takes nothing and `words` says how much there has to be, so sizes and pointers are the same
 * list. */
typedef struct assay_attention_room {
    uint32_t *block;
    size_t words; /* taken so far */
} assay_attention_room;

/* `words` in whole cache lines; NULL where block is. */
uint32_t *assay_attention_take(assay_attention_room *room, size_t words);
float *assay_attention_take_floats(assay_attention_room *room, size_t count);

/* Words of a lane whose inner dimension has room for k elements; path positions in whole tiles; columns in whole
 * panels. */
size_t assay_attention_lane(bool bf16, size_t k);
size_t assay_attention_path(size_t path);
size_t assay_attention_columns(size_t d);

/* gathered: [ASSAY_TILE_KEYS, head_dim]. */
assay_attention assay_attention_open(const assay_op_run *run, size_t kv_head, uint32_t *gathered);

/* Packs lanes x k elements of a strided operand (row_stride: between lanes); what is left of k_room becomes zero. */
void assay_attention_pack(const assay_attention *a, const assay_packed *to, assay_matrix lanes_by_k, size_t lanes,
                          size_t k);

/* c[m, n] (+)= left . right over the first k elements; c is written in whole panels. */
void assay_attention_multiply(const assay_attention *a, const assay_packed *left, const assay_packed *right, size_t m,
                              size_t n, size_t k, float *c, size_t ldc, bool add);

/* The columns of this job's key head (of query head `head`) in rows of a value. */
assay_matrix assay_attention_head(const assay_attention *a, const assay_view *view, size_t row, size_t head);

/* Packs the rows of the segment's path of k or v from `first` (a tile's start) to `path`: as left operands, lanes are
 * positions and d the inner dimension ([path] panels one after another); as right operands lanes are columns and
 * positions the inner dimension (one operand a tile, assay_attention_tile apart). */
void assay_attention_pack_path(const assay_attention *a, const assay_packed *to, const assay_view *view,
                               int32_t segment, size_t first, size_t path);
/* The part of such an operand that holds the tile starting at position `start`. */
assay_packed assay_attention_tile(const assay_attention *a, const assay_packed *path, size_t start);

/* The queries a segment has in the queries' space, as one long block; false: none. Then its part from `start` on. */
bool assay_attention_queries(const assay_op_run *run, const assay_segment *segment, assay_query_block *all);
assay_query_block assay_attention_block(const assay_attention *a, const assay_query_block *all, size_t start);

/* Keys of the tile at `start` that a block looks at, in whole panels of any kernel set. */
size_t assay_attention_seen(const assay_query_block *block, size_t start);

/* Where the first tile starts that a query at `position` sees: 0, or what its window leaves. */
size_t assay_attention_first(const assay_attention *a, size_t position);

/* s = k q^T of one tile, as the model's variant has it: bent where scores are capped, shifted by the head's slope, and
 * masked. A key ahead of a query has -inf. A key behind a query's window has a large negative number instead, because
 * it may be all that the query meets in its first tile: then the sums of that tile are wiped out by the next one's
 * maximum, exactly, where -inf less -inf would be no number. slope, may be NULL: the derivative of the bend. */
void assay_attention_scores(const assay_attention *a, const assay_query_block *block, size_t head,
                            const assay_packed *k, const assay_packed *q, size_t start, float *s, float *slope);

#endif
