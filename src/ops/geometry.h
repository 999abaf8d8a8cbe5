/* The shape of one micro-batch: which rows there are and how they hang together. No padding anywhere. Rows lie tree by
 * tree. A tree is a run of consecutive segments whose first has no parent: a single text, or a prompt followed by its
 * answers. A segment is a run of tokens; its parent (an earlier segment of the same tree, or -1) comes before it on the
 * path that its tokens see: positions go on from the parent's end and attention sees the whole parent. The tree is the
 * unit of every sum over tokens: `folds` are row borders cut at tree borders and at most ASSAY_FOLD rows apart, counted
 * from the tree's first row, so a gradient does not know how trees were grouped into micro-batches. Row spaces. TOKENS:
 * all rows. SCORED: one row for every scored segment (its last token), in segment order. A value of a program lives in
 * one of them; `assay_space` below gives rows and folds of each. */
#ifndef ASSAY_OPS_GEOMETRY_H
#define ASSAY_OPS_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum assay_space_id { ASSAY_TOKENS, ASSAY_SCORED, ASSAY_SPACES } assay_space_id;

typedef struct assay_segment {
    uint32_t first, rows; /* rows in TOKENS */
    int32_t parent;       /* index of a segment, or -1 */
    uint32_t base;        /* place of its first token on its path */
    /* The first places of its path that each of its tokens sees, also those ahead of it; at most base + rows. 0: no
     * token sees ahead (causal); base + rows: all see all (both ways); between: a prefix. */
    uint32_t open;
    int32_t scored_row; /* its row in SCORED, or -1 */
    bool gate;          /* that row is no text's end, but where a head's gate is read for what follows on the path */
    uint32_t tree;
} assay_segment;

typedef struct assay_tree {
    uint32_t first_segment, segments;
    /* what dropout counts by: the number of the pair in the data, never its place in the batch */
    uint64_t identity;
} assay_tree;

typedef struct assay_space {
    size_t rows;
    const uint32_t *folds; /* fold_count + 1 borders */
    size_t fold_count;
} assay_space;

typedef struct assay_geometry {
    const int32_t *ids;       /* [tokens] */
    const int32_t *positions; /* [tokens]: place on the path, or the first of two axes (base/prefix_rule.h) */
    const int32_t *blocks;    /* [tokens]: the second axis; 0 where a model has one */
    const assay_segment *segments;
    const assay_tree *trees;
    size_t segment_count, tree_count;
    const uint32_t *scored_tokens; /* [scored] row in TOKENS of each row of SCORED */
    assay_space spaces[ASSAY_SPACES];
    size_t longest_path; /* tokens of the longest path (prompt + answer) */
} assay_geometry;

/* Upper bounds of a geometry, what plans are made of. */
typedef struct assay_bounds {
    size_t rows[ASSAY_SPACES];
    size_t longest_path;
} assay_bounds;

#endif
