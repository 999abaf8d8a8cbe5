#include "train/early.h"

#include "base/alloc.h"

#include <math.h>

assay_status assay_early_make(assay_trainer *t, assay_error *err)
{
    assay_early *early = &t->early;
    size_t chunks = 0;
    early->items = assay_alloc(t->model->program->param_count, sizeof *early->items);
    early->first = assay_alloc(t->optimizer->count, sizeof *early->first);
    for (size_t i = 0; i < t->optimizer->count && early->items && early->first; i++) {
        early->items[t->trained[i]] = i;
        early->first[i] = chunks;
        chunks += assay_optimizer_chunks(t->optimizer->items[i].count);
    }
    early->chunks = chunks;
    early->squares = assay_alloc(chunks, sizeof *early->squares);
    if (early->items && early->first && early->squares) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the gradients' norm");
}

void assay_early_release(assay_trainer *t)
{
    assay_free(t->early.items);
    assay_free(t->early.first);
    assay_free(t->early.squares);
    t->early = (assay_early){0};
}

void assay_early_begin(assay_trainer *t, double lr)
{
    t->early.lr = lr;
    t->early.torn = false;
}

static assay_status say_bad(const assay_trainer *t, int param, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_NUMERIC,
                           "step %llu: the gradient of %s has no finite norm%s; a smaller --lr usually helps, and "
                           "--gradients keep says which pair it comes from",
                           (unsigned long long)t->step + 1, t->model->program->params[param].name,
                           t->early.torn ? ", and weights above it have been moved by then (--gradients early)" : "");
}

/* The first of a step counts it. */
assay_status assay_early_take(void *trainer, int param, float *gradient, assay_error *err)
{
    assay_trainer *t = trainer;
    size_t index = t->early.items[param];
    assay_optimizer_item *item = &t->optimizer->items[index];
    double *squares = t->early.squares + t->early.first[index];
    item->gradient = gradient;
    assay_optimizer_chunk_squares(item, t->kernels, squares);
    bool finite = true;
    for (size_t i = 0; i < assay_optimizer_chunks(item->count); i++) finite = finite && isfinite(squares[i]);
    if (finite && !t->early.torn) assay_optimizer_begin(t->optimizer, &t->settings.adam, t->early.lr, 0);
    if (finite) assay_optimizer_move(t->optimizer, t->kernels, t->pool, index);
    t->early.torn = t->early.torn || finite;
    item->gradient = NULL;
    return finite ? ASSAY_OK : say_bad(t, param, err);
}

double assay_early_norm(const assay_trainer *t)
{
    double squares = 0;
    for (size_t i = 0; i < t->early.chunks; i++) squares += t->early.squares[i];
    return sqrt(squares);
}
