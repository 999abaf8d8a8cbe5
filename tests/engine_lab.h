/* Little models of every family with random weights, and pairs to run them on: for tests of the engine. */
#ifndef ENGINE_LAB_H
#define ENGINE_LAB_H

#include "test_support.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "model/model_init.h"
#include "packing/pack.h"

#include <string.h>

enum { PAIRS = 5, VOCAB = 50 };

typedef struct lab {
    assay_program *program;
    assay_prefix_rule prefix;
    float **weights, **gradients;
    assay_pool *pool;
    const assay_kernels *kernels;
} lab;

static inline const assay_kernels *best_kernels(void)
{
    const assay_kernels *kernels = NULL;
    assert_int_equal(assay_kernels_select(&kernels, NULL, NULL), ASSAY_OK);
    return kernels;
}

/* The family in little, with all that its own tiny checkpoints have (windows, norms, scales): read from the config that
 * `init` writes, with the head's bias as the family has it. */
static inline assay_model_config little_config(const assay_architecture *arch)
{
    const assay_model_shape *tiny = arch->shapes;
    bool of_width = arch->own_spelling && tiny->kv_heads == tiny->heads; /* a head is a part of the width */
    assay_model_shape little = {.name = tiny->name,
                                .vocab = VOCAB,
                                .hidden = of_width ? 32 : 24,
                                .ffn = 40,
                                .layers = 3,
                                .heads = 4,
                                .kv_heads = tiny->kv_heads == tiny->heads ? 4 : 2,
                                .head_dim = 8,
                                .max_positions = 512,
                                .eps = 1e-5,
                                .rope_base = 10000};
    assay_model_config config;
    assay_error err = {0};
    if (assay_model_shape_config(&little, arch, &(assay_init_options){0}, &config, NULL, &err))
        fail_msg("%s", err.text);
    return config;
}

static inline size_t rank_three(const void *context, const char *module, float *scale)
{
    (void)context;
    (void)module;
    *scale = 2.0f;
    return 3;
}

static inline lab lab_of(const assay_model_config *from, assay_tuning tuning, float dropout, int threads,
                         const assay_kernels *kernels, bool bf16)
{
    const assay_model_config config = *from;
    lab l = {.kernels = kernels, .prefix = config.prefix};
    assay_decoder_options options = {
        .tuning = tuning, .adapter = tuning == ASSAY_TUNE_LORA ? rank_three : NULL, .dropout = dropout, .bf16 = bf16};
    assay_error err = {0};
    double one = config.norm == ASSAY_NORM_RMS_PLUS_ONE ? 0.0 : 1.0; /* so that every norm's factor is about one */
    if (assay_decoder_program(&l.program, &config, &options, &err)) fail_msg("%s", err.text);
    assert_int_equal(assay_pool_create(&l.pool, threads, NULL), ASSAY_OK);
    l.weights = assay_alloc(l.program->param_count, sizeof(float *));
    l.gradients = assay_alloc(l.program->param_count, sizeof(float *));
    for (size_t i = 0; i < l.program->param_count; i++) {
        const assay_param *p = &l.program->params[i];
        assay_rng rng = {.seed = 4, .stream = assay_rng_stream(p->name)};
        l.weights[i] = assay_alloc(p->rows * p->cols, sizeof(float));
        for (size_t j = 0; j < p->rows * p->cols; j++)
            l.weights[i][j] =
                (float)(assay_rng_normal(&rng) * (p->vector ? 0.1 : 0.25) + (strstr(p->name, "norm") ? one : 0.0));
        if (p->trained) l.gradients[i] = assay_alloc(p->rows * p->cols, sizeof(float));
    }
    return l;
}

static inline lab lab_open(const assay_architecture *arch, assay_tuning tuning, float dropout, int threads,
                           const assay_kernels *kernels, bool bf16)
{
    const assay_model_config config = little_config(arch);
    return lab_of(&config, tuning, dropout, threads, kernels, bf16);
}

static inline void lab_close(lab *l)
{
    for (size_t i = 0; i < l->program->param_count; i++) {
        assay_free(l->weights[i]);
        assay_free(l->gradients[i]);
    }
    assay_free(l->weights);
    assay_free(l->gradients);
    assay_pool_destroy(l->pool);
    assay_program_free(l->program);
}

/* The prompt ends the prefix, half of it is behind it where there is room, and nothing behind it looks like its end. */
static inline void mark_prefix(const assay_prefix_rule *rule, int32_t *ids, size_t prompt, size_t count)
{
    for (size_t i = 0; i < count; i++) ids[i] %= rule->mark[1];
    ids[0] = rule->mark[0];
    ids[prompt > 8 ? prompt / 2 : prompt - 1] = rule->end;
}

static inline void pack_pair(assay_pack *pack, uint64_t pair, bool share)
{
    static const size_t prompts[PAIRS] = {4, 30, 1, 9, 20}, chosen[PAIRS] = {6, 20, 3, 260, 1},
                        rejected[PAIRS] = {3, 31, 8, 5, 2};
    int32_t ids[700];
    assay_rng rng = {.seed = 11, .stream = pair};
    size_t p = prompts[pair], c = chosen[pair], r = rejected[pair];
    for (size_t i = 0; i < p + c + r; i++) ids[i] = (int32_t)assay_rng_below(&rng, VOCAB);
    if (pack->prefix.on) mark_prefix(&pack->prefix, ids, p, p + c + r);
    assay_pack_tree(pack, pair);
    if (share) {
        int prompt = assay_pack_segment(pack, ids, p, -1, false);
        assay_pack_segment(pack, ids + p, c, prompt, true);
        assay_pack_segment(pack, ids + p + c, r, prompt, true);
        return;
    }
    assay_pack_segment(pack, ids, p + c, -1, true);
    memmove(ids + p, ids + p + c, r * sizeof *ids);
    assay_pack_segment(pack, ids, p + r, -1, true);
}

#endif
