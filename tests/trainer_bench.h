/* A trainer with all it stands on, made from a model folder and examples: what the tests of training open and close. */
#ifndef TRAINER_BENCH_H
#define TRAINER_BENCH_H

#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct trainer_bench {
    assay_checkpoint *checkpoint;
    assay_adapter_file *adapter;
    assay_model *model;
    assay_pool *pool;
    assay_trainer *trainer;
} trainer_bench;

/* Also outside cmocka, where its own failures would go nowhere. */
static inline void trainer_bench_check(assay_status status, const assay_error *err)
{
    if (status == ASSAY_OK) return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

/* adapter: its folder, or NULL. setup: settings, examples and what else the trainer is to have; the rest is made. */
static inline trainer_bench trainer_bench_open_with(const char *path, const char *adapter,
                                                    const assay_model_options *options,
                                                    const assay_trainer_setup *setup, int threads)
{
    trainer_bench b = {0};
    assay_error err;
    assay_trainer_setup whole = *setup;
    trainer_bench_check(assay_checkpoint_open(&b.checkpoint, path, 0, &err), &err);
    if (options->outputs > 1) trainer_bench_check(assay_checkpoint_choose_label(b.checkpoint, NULL, "0", &err), &err);
    if (adapter) trainer_bench_check(assay_adapter_open(&b.adapter, adapter, &err), &err);
    trainer_bench_check(assay_model_open(&b.model, b.checkpoint, b.adapter, options, &err), &err);
    trainer_bench_check(assay_kernels_select(&whole.kernels, NULL, &err), &err);
    trainer_bench_check(assay_pool_create(&b.pool, threads, &err), &err);
    whole.model = b.model;
    whole.pool = b.pool;
    trainer_bench_check(assay_trainer_create(&b.trainer, &whole, &err), &err);
    return b;
}

static inline trainer_bench trainer_bench_open(const char *path, const char *adapter,
                                               const assay_model_options *options, const assay_train_settings *settings,
                                               const assay_example_set *examples, int threads)
{
    return trainer_bench_open_with(path, adapter, options,
                                   &(assay_trainer_setup){.settings = *settings, .examples = examples}, threads);
}

static inline void trainer_bench_close(trainer_bench *b)
{
    assay_trainer_free(b->trainer);
    assay_pool_destroy(b->pool);
    assay_model_close(b->model);
    assay_adapter_close(b->adapter);
    assay_checkpoint_close(b->checkpoint);
}

#endif
