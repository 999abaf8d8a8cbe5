/* One differentiable operation a file: shape rule, forward, backward, what backward reads.
 *
 * An operation is a constant assay_op. It is told everything by an assay_op_run and keeps nothing. The contract, which
 * tests/test_op_contract.c holds every operation of the list to:
 *   - forward overwrites every element of its outputs and reads only `in`, parameters and the geometry;
 *   - backward reads d_out and those of in/out that `reads` asked for (the others' data is NULL). Any of the d_in may
 * be absent (data is NULL: not wanted, not written); the others are overwritten, or added to where add[i], in every
 *     element of the operand's columns. An input that comes from an operation without backward (rope's angles) is never
 *     wanted. A parameter's gradient (NULL: frozen) is always added to. What is wanted besides changes no bit;
 *   - backward may change d_out where passes_gradient is not -1, and nothing else that it reads;
 *   - sums over rows follow the geometry's folds (see geometry.h); work is shared out over outputs only, so the bits
 *     depend neither on threads nor on the batch;
 *   - the same call gives the same bits: a dropped value can be made again at any time.
 * Values are row-major matrices [rows of their space, cols] of f32 or, where the program says so, bf16: computed in f32
 * and rounded once on storing. An operand may be a range of a value's columns (ld > cols).
 */
#ifndef ASSAY_OPS_OP_H
#define ASSAY_OPS_OP_H

#include "backend/gemm.h"
#include "ops/geometry.h"

/* Values of one use; of weights there may be any number (a mixture of experts has three an expert). */
enum { ASSAY_MAX_INPUTS = 4, ASSAY_MAX_OUTPUTS = 2 };

/* At most one of data and bf16 is set; neither: not there, not wanted. Gradients are always f32. */
typedef struct assay_view {
    float *data;
    uint16_t *bf16;
    size_t rows, cols, ld;
} assay_view;

/* A weight at run time. */
typedef struct assay_param_view {
    const void *data;
    assay_dtype dtype;        /* F32, F16 or BF16; packed only where an operation says so */
    size_t rows, cols;        /* Hugging Face's order; a vector has rows 1 */
    float *gradient;          /* f32 of the same shape, NULL: frozen */
    const uint32_t *row_map;  /* of packed weights: which stored row is a row; NULL: itself */
    const assay_parts *parts; /* of a packed type of several tensors (tensor/stored.h), else NULL */
    bool to_bf16; /* of packed weights: a value is what is decoded, rounded to bf16 (a bf16 run sees no other) */
} assay_param_view;

typedef struct assay_op_env {
    const assay_kernels *kernels;
    assay_pool *pool;
    /* products' scratch of every worker; between products also memory for rows, see assay_row_memory */
    void *scratch;
    const assay_geometry *geometry;
    uint64_t seed, step; /* dropout's counters */
    bool training;       /* false: dropout is the identity */
} assay_op_env;

/* What differs between two uses of an operation; each operation says which fields it reads. */
typedef struct assay_op_attributes {
    float eps;     /* norm */
    float scale;   /* attention: of the scores; linear: of the adapter; embedding: of its rows; add: of in 1;
                      gated_sum: temperature of the weights */
    float dropout; /* linear: of the adapter's input */
    uint32_t site; /* dropout: which place in the model */
    /* attention, rope, regroup; rms_norm: heads of head_dim columns normed alone, 0: the whole row */
    uint32_t heads, kv_heads, head_dim;
    uint32_t window;                /* attention: keys a query sees, itself included; 0: its whole path */
    float cap;                      /* attention: scores become cap * tanh(score / cap); 0: no cap */
    bool plus_one;                  /* rms_norm: the weight is 1 + w */
    bool gelu;                      /* swiglu: gelu (tanh form) for silu */
    uint32_t rotary_half;           /* rope, angles: pairs per head and axis */
    uint32_t axes;                  /* rope, angles: axes of positions, one behind the other in a head; 0: 1 */
    bool adjacent;                  /* rope: (2i, 2i+1) instead of (i, i + half) */
    bool bias, residual, adapter;   /* linear: which operands are present */
    bool bf16;                      /* linear, attention: products round their operands to bf16 */
    const float *inverse_frequency; /* angles: [rotary_half], owned by the program */
    const float *slopes;            /* attention: ALiBi's, [heads], owned by the program; NULL: none */
    float angle_scale;              /* angles: factor of cos and sin (yarn's attention factor; 1 otherwise) */
} assay_op_attributes;

typedef struct assay_op_run {
    const assay_op_env *env;
    const assay_op_attributes *attr;
    assay_space_id out_space, in_space[ASSAY_MAX_INPUTS];
    assay_view in[ASSAY_MAX_INPUTS], out[ASSAY_MAX_OUTPUTS];
    assay_view d_in[ASSAY_MAX_INPUTS], d_out[ASSAY_MAX_OUTPUTS];
    bool add[ASSAY_MAX_INPUTS];
    const assay_param_view *param; /* as many as the shape has */
    void *workspace;               /* as many bytes as `workspace` below said for the plan's bounds */
} assay_op_run;

/* A weight before there is one. */
typedef struct assay_param_shape {
    size_t rows, cols;
    bool wants; /* its gradient is wanted */
} assay_param_shape;

/* The static side of one use: what shape rules, `reads` and `workspace` look at. */
typedef struct assay_op_shape {
    const assay_op_attributes *attr;
    int inputs, outputs, params;
    size_t in_cols[ASSAY_MAX_INPUTS], out_cols[ASSAY_MAX_OUTPUTS];
    assay_space_id in_space[ASSAY_MAX_INPUTS], out_space;
    bool in_wants[ASSAY_MAX_INPUTS]; /* whose gradients are wanted */
    const assay_param_shape *param;  /* [params] */
} assay_op_shape;

/* Bits of the set that `reads` returns. */
#define ASSAY_READS_IN(i) (1u << (i))
#define ASSAY_READS_OUT(i) (1u << (8 + (i)))

typedef struct assay_op {
    const char *name;
    bool pointwise;      /* cheap to make again from its inputs: never kept for backward */
    bool in_place;       /* out 0 may share memory with input 0 */
    int passes_gradient; /* index of an input whose gradient is d_out[0] itself, up to an in-place change by backward;
                            -1: none. The engine lets d_in take over d_out's memory; where it cannot, add[] or a copy is
                            asked for. */

    /* Checks that the operands fit together; the message says which do not. */
    assay_status (*check)(const assay_op_shape *shape, assay_error *err);
    /* Which operands backward needs the data of, given whose gradients are wanted. */
    unsigned (*reads)(const assay_op_shape *shape);
    /* NULL: none */
    size_t (*workspace)(const assay_op_shape *shape, const assay_bounds *bounds, int workers, bool backward);
    /* Useful floating-point operations (what a backward pass makes again for itself does not count) for that many rows
     * of each space and a mean context of `context` keys per query; NULL: negligible. */
    double (*flops)(const assay_op_shape *shape, const double rows[ASSAY_SPACES], double context, bool backward);
    void (*forward)(const assay_op_run *run);
    void (*backward)(const assay_op_run *run); /* NULL: not differentiable */
} assay_op;

/* All operations: a new one gets one line here. */
#define ASSAY_OP_MAP(X) \
    X(embedding)        \
    X(angles)           \
    X(rms_norm)         \
    X(layer_norm)       \
    X(linear)           \
    X(regroup)          \
    X(rope)             \
    X(attention)        \
    X(swiglu)           \
    X(gelu)             \
    X(relu)             \
    X(add)              \
    X(gated_sum)        \
    X(gather)

#define ASSAY_OP_DECLARE(name) extern const assay_op assay_op_##name;
ASSAY_OP_MAP(ASSAY_OP_DECLARE)
#undef ASSAY_OP_DECLARE

/* All of the above, NULL behind the last: tests walk it. */
const assay_op *assay_op_at(size_t index);

/* Rows as f32, whatever they are stored in: `read` returns the row itself or widens it into `memory` ([cols]); `target`
 * is where to compute a row, `store` brings it home. Both give the row itself where it is f32. assay_row_memory:
 * ASSAY_ROW_MEMORY floats of the worker's own, lost at the next product. */
enum { ASSAY_ROW_MEMORY = 1 << 17 };
float *assay_row_memory(const assay_op_run *run, int worker);
const float *assay_row_read(const assay_op_run *run, const assay_view *view, size_t row, float *memory);
float *assay_row_target(const assay_view *view, size_t row, float *memory);
void assay_row_store(const assay_op_run *run, const assay_view *view, size_t row, const float *from);

/* The view as an operand of a product. */
assay_matrix assay_view_matrix(const assay_view *view);

/* Splits rows into blocks of at most `block` and runs work(run, first_row, rows, worker) over the pool. */
typedef void (*assay_row_work)(const assay_op_run *run, size_t first, size_t rows, int worker);
void assay_for_rows(const assay_op_run *run, size_t rows, size_t block, assay_row_work work);

#endif
