/* A family's layers written as a program: the common block, or one of the family's own (model/layer.h).
 *
 *     x1 = x  + out(attention(rope(q), rope(k), v)),   q, k, v of norm(x)
 *     x2 = x1 + down(silu(gate) * up),                 gate, up of norm(x1)
 *     reward = head(norm(x_L)[scored])
 *
 * What a family's config and names add (family/architecture.h): norms of q and k, a norm or a factor between a branch
 * and its residual, both branches side by side, a window, capped scores, ALiBi for rotary positions, layers without
 * any, an MLP without a gate, LayerNorm, scaled or normed embeddings, a prefix that is read both ways, two axes of
 * positions.
 */
#ifndef ASSAY_MODEL_DECODER_H
#define ASSAY_MODEL_DECODER_H

#include "family/architecture.h"
#include "program/program.h"

typedef enum assay_tuning { ASSAY_TUNE_NOTHING, ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD } assay_tuning;

/* Which linear modules carry an adapter, and of which rank: asked once a module with its full path
 * ("model.layers.0.self_attn.q_proj"). Returns the rank, 0 for none; *scale is alpha / rank (or / sqrt(rank)). */
typedef size_t (*assay_adapter_rank)(const void *context, const char *module, float *scale);

typedef struct assay_decoder_options {
    assay_tuning tuning;        /* what is trained; adapters are trained only under ASSAY_TUNE_LORA */
    assay_adapter_rank adapter; /* NULL: no adapters */
    const void *adapter_context;
    float dropout;
    bool bf16;           /* bf16 arithmetic and storage */
    bool input_gradient; /* the embedding is trained as well, so the gradient goes down through every layer, and the
                            last layer is like the others (bench) */
    bool all_rows;       /* compute the last layer for every token (forward --hidden-states, traces) */
} assay_decoder_options;

assay_status assay_decoder_program(assay_program **out, const assay_model_config *config,
                                   const assay_decoder_options *options, assay_error *err);

#endif
