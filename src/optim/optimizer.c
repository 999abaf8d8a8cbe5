#include "optim/optimizer.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 1 << 14 };

assay_status assay_optimizer_create(assay_optimizer **out, const assay_optimizer_item *items, size_t count,
                                    assay_error *err)
{
    assay_optimizer *optimizer = assay_alloc(1, sizeof *optimizer);
    *out = NULL;
    ASSAY_TRY_ALLOC(optimizer, "the optimizer", err);
    optimizer->count = count;
    for (size_t i = 0; i < count; i++) optimizer->values += items[i].count;
    optimizer->items = assay_alloc(count, sizeof *items);
    optimizer->moments = assay_alloc(optimizer->values, 2 * sizeof *optimizer->moments);
    if (!optimizer->items || !optimizer->moments) {
        assay_status status = assay_error_set(
            err, ASSAY_E_MEMORY, "out of memory for the optimizer's moments (%zu values)", 2 * optimizer->values);
        assay_optimizer_free(optimizer);
        return status;
    }
    float *next = optimizer->moments;
    for (size_t i = 0; i < count; i++) {
        optimizer->items[i] = items[i];
        optimizer->items[i].m = next;
        optimizer->items[i].v = next + items[i].count;
        next += 2 * items[i].count;
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

void assay_optimizer_zero(assay_optimizer *optimizer)
{
    for (size_t i = 0; i < optimizer->count; i++)
        memset(optimizer->items[i].gradient, 0, optimizer->items[i].count * sizeof(float));
}

double assay_optimizer_norm(const assay_optimizer *optimizer, const assay_kernels *kernels)
{
    double squares = 0;
    for (size_t i = 0; i < optimizer->count; i++) {
        const assay_optimizer_item *item = &optimizer->items[i];
        for (size_t first = 0; first < item->count; first += CHUNK) {
            size_t n = item->count - first < CHUNK ? item->count - first : CHUNK;
            squares += (double)kernels->rows->dot(item->gradient + first, item->gradient + first, n);
        }
    }
    return sqrt(squares);
}

typedef struct step_job {
    const assay_optimizer_item *item;
    const assay_kernels *kernels;
    assay_adam_step step;
} step_job;

static void step_chunk(void *context, size_t tile, int worker)
{
    const step_job *job = context;
    const assay_optimizer_item *item = job->item;
    size_t first = tile * CHUNK, n = item->count - first < CHUNK ? item->count - first : CHUNK;
    (void)worker;
    job->kernels->rows->adamw(item->weight + first, item->gradient + first, item->m + first, item->v + first, n,
                              &job->step);
}

void assay_optimizer_step(assay_optimizer *optimizer, const assay_kernels *kernels, assay_pool *pool,
                          const assay_optimizer_hyper *hyper, double lr, double norm)
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
    for (size_t i = 0; i < optimizer->count; i++) {
        step_job job = {.item = &optimizer->items[i], .kernels = kernels, .step = step};
        job.step.weight_decay = optimizer->items[i].decay ? (float)hyper->weight_decay : 0.0f;
        assay_pool_run(pool, step_chunk, &job, (optimizer->items[i].count + CHUNK - 1) / CHUNK);
    }
}
