/* Lanes: how the sum of gradients over a step's pairs is cut, so that processes can share it out and it stays the same.
 *
 * Pair p of a step's n belongs to lane floor(p L / n) of L, a power of two. A lane's sum begins at zero and goes on in
 * the order of the pairs; lanes are joined by the fixed binary tree over their numbers, ((0 + 1) + (2 + 3)) + ((4 + 5)
 * + (6 + 7)), those without a pair left out. With one lane that is one sum in the order of the pairs. A micro-batch
 * never reaches over a lane's border.
 *
 *     assay_lane_sum sum = {.lanes = 8, .pairs = n, .buffers = buffers, .values = values, .pool = pool, .add = add};
 *     ASSAY_TRY(assay_lane_sum_make(&sum, 0, sum.lanes, &any, err)); // the sum of all lanes in the first buffer
 *
 * A subtree waits in a buffer while its right neighbour is summed up, so log2(L) + 1 buffers are enough. */
#ifndef ASSAY_TRAIN_LANES_H
#define ASSAY_TRAIN_LANES_H

#include "base/status.h"
#include "base/threads.h"

#include <stdbool.h>
#include <stddef.h>

enum { ASSAY_LANES_MOST = 1024 };

/* The first pair of a lane; of lane number `lanes` the end of the last. The product of both counts fits a size_t. */
size_t assay_lane_begin(size_t lane, size_t lanes, size_t pairs);

/* Pairs of the largest lane. */
size_t assay_lane_pairs(size_t lanes, size_t pairs);

/* Buffers that summing so many lanes takes. */
size_t assay_lane_buffers(size_t lanes);

typedef struct assay_lane_sum {
    size_t lanes, pairs;
    float *buffers; /* assay_lane_buffers(lanes) of `values` each; borrowed */
    size_t values;
    assay_pool *pool; /* borrowed */
    /* Adds the gradients of pairs begin to end - 1, at least one, to a zeroed buffer. */
    assay_status (*add)(void *context, size_t begin, size_t end, float *buffer, assay_error *err);
    void *context;
} assay_lane_sum;

/* Leaves the sum of `count` lanes (a power of two) from lane `first` (a multiple of it) in the first buffer; *any
 * false: none of them has a pair, and there is no sum. After a failure the buffers hold nothing of use. */
assay_status assay_lane_sum_make(const assay_lane_sum *sum, size_t first, size_t count, bool *any, assay_error *err);

#endif
