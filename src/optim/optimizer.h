/* AdamW over a list of weights, with clipping by the global norm. An item's two moments are floats, or a byte each
 * (quant/dynamic_map.h): those are unpacked a block at a time, renewed and packed again, so the weight is moved by what
 * the floats say. The weight is floats, in one piece or in two planes (tensor/planes.h), or bf16: it is then moved as a
 * float and rounded to one of its neighbours (optim/stochastic.h), and no more is known of it.
 *
 *     assay_optimizer *optimizer;
 *     // the moments, zeroed; weights and gradients are borrowed
 *     ASSAY_TRY(assay_optimizer_create(&optimizer, items, count, err));
 *     ... each step: gradients are zeroed (assay_optimizer_zero), filled in, then
 *     double norm = assay_optimizer_norm(optimizer, kernels);
 *     assay_optimizer_step(optimizer, kernels, pool, &hyper, lr, norm);
 *
 * Source: Loshchilov & Hutter, arXiv:1711.05101, in torch.optim.AdamW's order of operations; clipping as
 * torch.nn.utils.clip_grad_norm_ (factor clip / (norm + 1e-6), at most 1).
 */
#ifndef ASSAY_OPTIM_OPTIMIZER_H
#define ASSAY_OPTIM_OPTIMIZER_H

#include "backend/kernels.h"
#include "base/threads.h"
#include "quant/dynamic_map.h"
#include "tensor/planes.h"

/* Values that are worked on together: a sum of squares of the norm, whole blocks of packed moments. */
enum { ASSAY_OPTIMIZER_CHUNK = 1 << 14 };

typedef struct assay_optimizer_item {
    /* `count` values, borrowed, in one of three forms; the other two are NULL */
    float *weight;
    assay_planes planes;
    uint16_t *half;  /* bf16 */
    float *gradient; /* `count` values, borrowed; NULL until it is there, where items are moved one by one */
    size_t count;
    /* The values whose moments are here, which alone are updated: a slice (optim/moment_slices.h), at borders of
     * chunks; end 0: all. begin and end both `count`: none. */
    size_t begin, end;
    uint64_t stream; /* of a weight in bf16: which numbers round it, its own (assay_rng_stream of its name) */
    bool decay;      /* weight decay applies */
    bool packed;     /* the moments are bytes */
    /* Owned by the optimizer; left NULL by the caller; they begin with the value number `begin`. Floats: m and v.
     * Bytes: the levels, and the scale of each block of ASSAY_DYNAMIC_BLOCK. */
    float *m, *v;
    uint8_t *m_levels, *v_levels;
    float *m_scales, *v_scales;
} assay_optimizer_item;

typedef struct assay_optimizer_hyper {
    double beta1, beta2, eps, weight_decay;
    double clip;   /* largest global norm of the gradient; 0: no clipping */
    uint64_t seed; /* of what is rounded at random */
} assay_optimizer_hyper;

/* What a step does to every item, but for its decay. */
typedef struct assay_optimizer_stride {
    assay_adam_step step;
    double weight_decay;
    uint64_t seed;
} assay_optimizer_stride;

typedef struct assay_optimizer {
    assay_optimizer_item *items;
    size_t count;
    uint64_t steps;
    assay_optimizer_stride stride; /* of the present step */
    char *moments;
    size_t moment_bytes;
    float m_map[ASSAY_DYNAMIC_LEVELS], v_map[ASSAY_DYNAMIC_LEVELS];
    size_t values; /* of all items together */
} assay_optimizer;

/* What the two moments of so many values take. */
size_t assay_optimizer_moment_bytes(size_t values, bool packed);

/* Where an item's moments lie in so many bytes at `at`, as in every optimizer; returns what is behind them. */
char *assay_optimizer_place(assay_optimizer_item *item, char *at);

assay_status assay_optimizer_create(assay_optimizer **out, const assay_optimizer_item *items, size_t count,
                                    assay_error *err);
void assay_optimizer_free(assay_optimizer *optimizer); /* NULL is fine */

/* The bytes that hold an item's weight. */
void *assay_optimizer_weight(const assay_optimizer_item *item, size_t *bytes);

void assay_optimizer_zero(assay_optimizer *optimizer);

/* Square root of the sum of squares of all gradients; sums in a fixed order, so its bits do not depend on threads. NaN
 * or infinity comes out as it is. */
double assay_optimizer_norm(const assay_optimizer *optimizer, const assay_kernels *kernels);

/* The same before the root, going on from a sum of squares: of weights that lie in several optimizers. */
double assay_optimizer_squares(const assay_optimizer *optimizer, const assay_kernels *kernels, double squares);

/* Of so many values of an item; the last may be short. */
size_t assay_optimizer_chunks(size_t values);

/* Sums of squares of an item's gradient, a chunk at a time: what the norm adds up, item by item. `squares` has a place
 * for every chunk of the item; those of its slice are set. */
void assay_optimizer_chunk_squares(const assay_optimizer_item *item, const assay_kernels *kernels, double *squares);

/* A step in pieces: it begins, then each item is moved, in any order, once. */
void assay_optimizer_begin(assay_optimizer *optimizer, const assay_optimizer_hyper *hyper, double lr, double norm);
void assay_optimizer_move(assay_optimizer *optimizer, const assay_kernels *kernels, assay_pool *pool, size_t item);

void assay_optimizer_step(assay_optimizer *optimizer, const assay_kernels *kernels, assay_pool *pool,
                          const assay_optimizer_hyper *hyper, double lr, double norm);

#endif
