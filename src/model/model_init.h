/* Checkpoints with random weights, for tests and trials: little ones of every family, and the shapes of released
 * models.
 *
 *     const assay_model_shape *shape;
 *     const assay_architecture *arch;
 *     ASSAY_TRY(assay_model_shape_find(&shape, &arch, "chatglm3-6b", err));
 *     ASSAY_TRY(assay_model_init(shape, arch, &(assay_init_options){.seed = 42, .dtype = ASSAY_BF16}, folder, err));
 *
 * Matrices and biases are drawn with mean 0 and deviation 0.02 (initializer_range) from a stream that is the seed and
 * the tensor's name, so a tensor is the same whatever else is written; norms are 1. Weights are streamed: 12 GB need no
 * memory. The tokenizer is the caller's (assay_tokenizer_save_bytes).
 */
#ifndef ASSAY_MODEL_MODEL_INIT_H
#define ASSAY_MODEL_MODEL_INIT_H

#include "model/model.h"

/* The shapes of all families, one after another (*arch: whose; may be NULL). NULL behind the last. */
const assay_model_shape *assay_model_shape_at(size_t index, const assay_architecture **arch);

/* ASSAY_E_USAGE for an unknown name; the message lists what there is. */
assay_status assay_model_shape_find(const assay_model_shape **out, const assay_architecture **arch, const char *name,
                                    assay_error *err);

typedef struct assay_init_options {
    size_t layers, hidden, ffn; /* 0: the shape's; hidden is a multiple of the shape's head size, and sets the heads */
    uint64_t seed;
    assay_dtype dtype; /* F32, BF16 or F16 */
    int64_t pad_token, bos_token, eos_token;
    size_t shard_bytes; /* 0: Transformers' 5 GB */
    const char *head;   /* a number of labels or a kind (head/head_make.h); NULL: a base model */
} assay_init_options;

/* The shape as config.json would have it, and as numbers, for programs without weights (plan, bench). *json: the
 * caller's, may be NULL. */
assay_status assay_model_shape_config(const assay_model_shape *shape, const assay_architecture *arch,
                                      const assay_init_options *options, assay_model_config *out, json_t **json,
                                      assay_error *err);

/* config.json and the weights, with a random head where one is asked for, into an existing folder. */
assay_status assay_model_init(const assay_model_shape *shape, const assay_architecture *arch,
                              const assay_init_options *options, const char *folder, assay_error *err);

#endif
