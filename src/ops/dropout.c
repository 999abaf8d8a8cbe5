#include "ops/dropout.h"

#include "base/rng.h"

typedef struct dropout_job {
    const assay_op_run *run;
    assay_view x, y;
} dropout_job;

static void drop_row(const assay_op_run *run, uint32_t counter[4], const float *x, float *y, size_t cols)
{
    uint32_t key[2] = {(uint32_t)run->env->seed ^ (uint32_t)(run->env->seed >> 32), (uint32_t)run->env->step};
    uint32_t threshold = (uint32_t)(run->attr->dropout * 4294967296.0f);
    float factor = 1.0f / (1.0f - run->attr->dropout);
    uint32_t segment = counter[2];
    for (size_t j = 0; j < cols; j += 4) {
        uint32_t drawn[4];
        counter[2] = segment | (uint32_t)(j / 4);
        assay_philox(key, counter, drawn);
        for (size_t i = 0; i < 4 && j + i < cols; i++) y[j + i] = drawn[i] >= threshold ? x[j + i] * factor : 0.0f;
    }
}

static void drop_segment(void *context, size_t index, int worker)
{
    const dropout_job *job = context;
    const assay_geometry *geometry = job->run->env->geometry;
    const assay_segment *segment = &geometry->segments[index];
    const assay_tree *tree = &geometry->trees[segment->tree];
    float *memory = assay_row_memory(job->run, worker);
    bool scored = job->run->in_space[0] == ASSAY_SCORED;
    if (scored && segment->scored_row < 0) return;
    for (size_t i = scored ? segment->rows - 1 : 0; i < segment->rows; i++) {
        size_t t = scored ? (size_t)segment->scored_row : segment->first + i;
        uint32_t counter[4] = {(uint32_t)tree->identity, segment->base + (uint32_t)i,
                               ((uint32_t)index - tree->first_segment) << 24, job->run->attr->site};
        drop_row(job->run, counter, assay_row_read(job->run, &job->x, t, memory), job->y.data + t * job->y.ld,
                 job->x.cols);
    }
}

void assay_dropout_rows(const assay_op_run *run, assay_view x, assay_view y)
{
    dropout_job job = {run, x, y};
    assay_pool_run(run->env->pool, drop_segment, &job, run->env->geometry->segment_count);
}
