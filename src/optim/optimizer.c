#include "optim/optimizer.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "optim/stochastic.h"
#include "tensor/dtype.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { CHUNK = ASSAY_OPTIMIZER_CHUNK, ALIGNED = 64 };
static_assert((int)ASSAY_DYNAMIC_BLOCK == (int)ASSAY_PLANES_BLOCK, "a block of moments moves a block of planes");

static size_t blocks_of(size_t values) { return (values + ASSAY_DYNAMIC_BLOCK - 1) / ASSAY_DYNAMIC_BLOCK; }
static size_t aligned(size_t bytes) { return (bytes + ALIGNED - 1) / ALIGNED * ALIGNED; }

size_t assay_optimizer_moment_bytes(size_t values, bool packed)
{
    size_t bytes = packed ? aligned(values) + aligned(blocks_of(values) * sizeof(float)) : values * sizeof(float);
    return 2 * bytes;
}

char *assay_optimizer_place(assay_optimizer_item *item, char *at)
{
    size_t held = item->end - item->begin, half = assay_optimizer_moment_bytes(held, item->packed) / 2;
    if (item->packed) {
        item->m_levels = (uint8_t *)at;
        item->v_levels = (uint8_t *)at + half;
        item->m_scales = (float *)(void *)(at + aligned(held));
        item->v_scales = (float *)(void *)(at + half + aligned(held));
    } else {
        item->m = (float *)(void *)at;
        item->v = (float *)(void *)(at + half);
    }
    return at + 2 * half;
}

static size_t end_of(const assay_optimizer_item *item) { return item->end ? item->end : item->count; }

assay_status assay_optimizer_create(assay_optimizer **out, const assay_optimizer_item *items, size_t count,
                                    assay_error *err)
{
    assay_optimizer *optimizer = assay_alloc(1, sizeof *optimizer);
    *out = NULL;
    ASSAY_TRY_ALLOC(optimizer, "the optimizer", err);
    optimizer->count = count;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        optimizer->values += items[i].count;
        bytes += assay_optimizer_moment_bytes(end_of(&items[i]) - items[i].begin, items[i].packed);
    }
    optimizer->items = assay_alloc(count, sizeof *items);
    optimizer->moments = assay_alloc(bytes, 1);
    optimizer->moment_bytes = bytes;
    if (!optimizer->items || !optimizer->moments) {
        assay_status status =
            assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the optimizer's moments (%zu bytes)", bytes);
        assay_optimizer_free(optimizer);
        return status;
    }
    assay_dynamic_map(optimizer->m_map, true);
    assay_dynamic_map(optimizer->v_map, false);
    char *next = optimizer->moments;
    for (size_t i = 0; i < count; i++) {
        optimizer->items[i] = items[i];
        optimizer->items[i].end = end_of(&items[i]);
        next = assay_optimizer_place(&optimizer->items[i], next);
    }
    *out = optimizer;
    return ASSAY_OK;
}

void assay_optimizer_free(assay_optimizer *optimizer)
{
    if (!optimizer) return;
    assay_free(optimizer->items);
    assay_free(optimizer->moments);
    assay_free(optimizer);
}

void *assay_optimizer_weight(const assay_optimizer_item *item, size_t *bytes)
{
    *bytes = item->count * (item->half ? sizeof *item->half : sizeof *item->weight);
    if (item->planes.high && assay_planes_bytes(item->count, bytes)) return item->planes.high;
    return item->half ? (void *)item->half : item->weight;
}

void assay_optimizer_zero(assay_optimizer *optimizer)
{
    for (size_t i = 0; i < optimizer->count; i++)
        if (optimizer->items[i].gradient)
            memset(optimizer->items[i].gradient, 0, optimizer->items[i].count * sizeof(float));
}

size_t assay_optimizer_chunks(size_t values) { return (values + CHUNK - 1) / CHUNK; }

static double chunk_square(const assay_optimizer_item *item, const assay_kernels *kernels, size_t chunk)
{
    const float *from = item->gradient + chunk * CHUNK;
    return (double)kernels->rows->dot(from, from, assay_smaller(item->count - chunk * CHUNK, CHUNK));
}

void assay_optimizer_chunk_squares(const assay_optimizer_item *item, const assay_kernels *kernels, double *squares)
{
    size_t end = assay_optimizer_chunks(item->end);
    for (size_t c = assay_optimizer_chunks(item->begin); c < end; c++) squares[c] = chunk_square(item, kernels, c);
}

double assay_optimizer_squares(const assay_optimizer *optimizer, const assay_kernels *kernels, double squares)
{
    for (size_t i = 0; i < optimizer->count; i++) {
        const assay_optimizer_item *item = &optimizer->items[i];
        for (size_t c = 0; c < assay_optimizer_chunks(item->count); c++) squares += chunk_square(item, kernels, c);
    }
    return squares;
}

double assay_optimizer_norm(const assay_optimizer *optimizer, const assay_kernels *kernels)
{
    return sqrt(assay_optimizer_squares(optimizer, kernels, 0));
}

typedef struct step_job {
    const assay_optimizer *optimizer;
    const assay_optimizer_item *item;
    const assay_kernels *kernels;
    assay_adam_step step;
    uint64_t seed;
} step_job;

/* No number among them makes it none, and the block with it: a diverging run must show. */
static float largest(const float *values, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) most = fabsf(values[i]) > most || isnan(values[i]) ? fabsf(values[i]) : most;
    return most;
}

/* Some values of a weight, that lie in one chunk. */
static void step_weight(const step_job *job, size_t first, size_t n, float *m, float *v)
{
    const assay_optimizer_item *item = job->item;
    const assay_stochastic draw = {.seed = job->seed, .step = job->optimizer->steps, .weight = item->stream};
    float wide[ASSAY_DYNAMIC_BLOCK];
    if (item->weight) {
        job->kernels->rows->adamw(item->weight + first, item->gradient + first, m, v, n, &job->step);
        return;
    }
    if (item->half) assay_dtype_to_f32(ASSAY_BF16, item->half + first, wide, n);
    else assay_planes_join(&item->planes, first, wide, n);
    job->kernels->rows->adamw(wide, item->gradient + first, m, v, n, &job->step);
    if (item->half) assay_stochastic_round(&draw, first, wide, n, item->half + first);
    else assay_planes_split(&item->planes, first, wide, n);
}

/* A block of the item's slice. */
static void step_block(const step_job *job, size_t block)
{
    const assay_optimizer_item *item = job->item;
    const float *m_map = job->optimizer->m_map, *v_map = job->optimizer->v_map;
    float m[ASSAY_DYNAMIC_BLOCK], v[ASSAY_DYNAMIC_BLOCK];
    size_t first = block * ASSAY_DYNAMIC_BLOCK, at = item->begin + first,
           n = assay_smaller(item->end - at, ASSAY_DYNAMIC_BLOCK);
    if (!item->packed) {
        step_weight(job, at, n, item->m + first, item->v + first);
        return;
    }
    assay_dynamic_values(m_map, item->m_levels + first, n, item->m_scales[block], m);
    assay_dynamic_values(v_map, item->v_levels + first, n, item->v_scales[block], v);
    step_weight(job, at, n, m, v);
    item->m_scales[block] = largest(m, n);
    item->v_scales[block] = largest(v, n);
    assay_dynamic_levels(m_map, m, n, item->m_scales[block], item->m_levels + first);
    assay_dynamic_levels(v_map, v, n, item->v_scales[block], item->v_levels + first);
}

static void step_chunk(void *context, size_t tile, int worker)
{
    const step_job *job = context;
    const assay_optimizer_item *item = job->item;
    size_t first = tile * CHUNK, n = assay_smaller(item->end - item->begin - first, CHUNK);
    (void)worker;
    if (item->packed || !item->weight) {
        for (size_t at = first; at < first + n; at += ASSAY_DYNAMIC_BLOCK) step_block(job, at / ASSAY_DYNAMIC_BLOCK);
        return;
    }
    step_weight(job, item->begin + first, n, item->m + first, item->v + first);
}

void assay_optimizer_begin(assay_optimizer *optimizer, const assay_optimizer_hyper *hyper, double lr, double norm)
{
    double t = (double)++optimizer->steps, factor = hyper->clip > 0 ? hyper->clip / (norm + 1e-6) : 1;
    assay_adam_step step = {.lr = (float)lr,
                            .beta2 = (float)hyper->beta2,
                            .rest1 = (float)(1 - hyper->beta1),
                            .rest2 = (float)(1 - hyper->beta2),
                            .eps = (float)hyper->eps,
                            .correction1 = (float)(1 - pow(hyper->beta1, t)),
                            .correction2 = (float)(1 - pow(hyper->beta2, t)),
                            .gradient_scale = factor < 1 ? (float)factor : 1.0f};
    optimizer->stride =
        (assay_optimizer_stride){.step = step, .weight_decay = hyper->weight_decay, .seed = hyper->seed};
}

void assay_optimizer_move(assay_optimizer *optimizer, const assay_kernels *kernels, assay_pool *pool, size_t item)
{
    const assay_optimizer_stride *stride = &optimizer->stride;
    step_job job = {.optimizer = optimizer,
                    .item = &optimizer->items[item],
                    .kernels = kernels,
                    .step = stride->step,
                    .seed = stride->seed};
    job.step.weight_decay = job.item->decay ? (float)stride->weight_decay : 0.0f;
    assay_pool_run(pool, step_chunk, &job, assay_optimizer_chunks(job.item->end - job.item->begin));
}

void assay_optimizer_step(assay_optimizer *optimizer, const assay_kernels *kernels, assay_pool *pool,
                          const assay_optimizer_hyper *hyper, double lr, double norm)
{
    assay_optimizer_begin(optimizer, hyper, lr, norm);
    for (size_t i = 0; i < optimizer->count; i++) assay_optimizer_move(optimizer, kernels, pool, i);
}
