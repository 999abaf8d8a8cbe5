/* The tree is walked from the left, and what waits lies in a stack: buffer `depth` is where the present subtree's sum
 * goes, and the buffers below it hold the finished left neighbours on the way up. Pairs of a lane are consecutive and
 * lanes are walked in order, so all pairs are met in their order. */
#include "train/lanes.h"

#include "base/sizes.h"

#include <string.h>

enum { CHUNK = 1 << 14 }; /* values joined by one job */

size_t assay_lane_begin(size_t lane, size_t lanes, size_t pairs) { return (lane * pairs + lanes - 1) / lanes; }

size_t assay_lane_pairs(size_t lanes, size_t pairs) { return (pairs + lanes - 1) / lanes; }

size_t assay_lane_buffers(size_t lanes)
{
    size_t buffers = 1;
    for (size_t width = 1; width < lanes; width *= 2) buffers++;
    return buffers;
}

typedef struct join_job {
    float *left;
    const float *right;
    size_t values;
} join_job;

static void join_chunk(void *context, size_t tile, int worker)
{
    const join_job *job = context;
    size_t first = tile * CHUNK, end = assay_smaller(first + CHUNK, job->values);
    (void)worker;
    for (size_t i = first; i < end; i++) job->left[i] += job->right[i];
}

static void join(const assay_lane_sum *sum, float *left, const float *right)
{
    join_job job = {.left = left, .right = right, .values = sum->values};
    assay_pool_run(sum->pool, join_chunk, &job, (sum->values + CHUNK - 1) / CHUNK);
}

static assay_status sum_lane(const assay_lane_sum *sum, size_t lane, float *buffer, bool *any, assay_error *err)
{
    size_t begin = assay_lane_begin(lane, sum->lanes, sum->pairs),
           end = assay_lane_begin(lane + 1, sum->lanes, sum->pairs);
    *any = begin < end;
    if (!*any) return ASSAY_OK;
    memset(buffer, 0, sum->values * sizeof *buffer);
    return sum->add(sum->context, begin, end, buffer, err);
}

static assay_status sum_tree(const assay_lane_sum *sum, size_t first, size_t count, float *buffer, bool *any,
                             assay_error *err)
{
    bool left, right;
    if (count == 1) return sum_lane(sum, first, buffer, any, err);
    ASSAY_TRY(sum_tree(sum, first, count / 2, buffer, &left, err));
    float *beside = left ? buffer + sum->values : buffer;
    ASSAY_TRY(sum_tree(sum, first + count / 2, count / 2, beside, &right, err));
    if (left && right) join(sum, buffer, beside);
    *any = left || right;
    return ASSAY_OK;
}

assay_status assay_lane_sum_make(const assay_lane_sum *sum, size_t first, size_t count, bool *any, assay_error *err)
{
    return sum_tree(sum, first, count, sum->buffers, any, err);
}
