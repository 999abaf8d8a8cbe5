/* What the tests of training train on: examples made of ids, settings, an adapter. */
#ifndef TRAINER_MATERIAL_H
#define TRAINER_MATERIAL_H

#include "base/alloc.h"
#include "base/rng.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* Examples made of ids, with a pair set that only counts them. */
typedef struct material {
    assay_pair_set pairs;
    assay_example_set set;
} material;

static inline void material_add_side(material *m, const int32_t *ids, size_t count, double value)
{
    size_t n = m->set.answer_count++;
    m->set.ids = assay_realloc(m->set.ids, m->set.id_count, m->set.id_count + count, sizeof *ids);
    m->set.answers = assay_realloc(m->set.answers, n, n + 1, sizeof *m->set.answers);
    m->set.values = assay_realloc(m->set.values, n, n + 1, sizeof *m->set.values);
    m->set.answers[n] = (assay_example_answer){m->set.id_count, (uint32_t)count};
    m->set.values[n] = value;
    memcpy(m->set.ids + m->set.id_count, ids, count * sizeof *ids);
    m->set.id_count += count;
    if (count > m->set.longest) m->set.longest = count;
}

static inline void material_add_example(material *m, const int32_t *chosen, size_t chosen_count,
                                        const int32_t *rejected, size_t rejected_count)
{
    size_t shared = 0;
    while (shared + 1 < chosen_count && shared + 1 < rejected_count && chosen[shared] == rejected[shared]) shared++;
    m->set.items = assay_realloc(m->set.items, m->set.count, m->set.count + 1, sizeof *m->set.items);
    assay_example *e = &m->set.items[m->set.count];
    *e = (assay_example){.answers = m->set.answer_count,
                         .count = 2,
                         .shared = (uint32_t)shared,
                         .pair = (uint32_t)m->set.count,
                         .margin = (double)NAN,
                         .share = (double)NAN,
                         .weight = 1};
    m->set.count++;
    material_add_side(m, chosen, chosen_count, 1);
    material_add_side(m, rejected, rejected_count, 0);
}

static inline void material_finish(material *m)
{
    m->pairs.pairs = assay_alloc(m->set.count, sizeof *m->pairs.pairs);
    m->pairs.count = m->set.count;
    m->set.pairs = &m->pairs;
}

static inline void material_release(material *m)
{
    assay_free(m->pairs.pairs);
    assay_free(m->set.items);
    assay_free(m->set.answers);
    assay_free(m->set.values);
    assay_free(m->set.ids);
}

static inline void material_random(material *m, size_t pairs)
{
    assay_rng rng = {.seed = 5};
    for (size_t i = 0; i < pairs; i++) {
        int32_t prompt[40], rejected[40];
        size_t p = 1 + (size_t)assay_rng_below(&rng, 8), c = 1 + (size_t)assay_rng_below(&rng, 20),
               r = 1 + (size_t)assay_rng_below(&rng, 20);
        for (size_t j = 0; j < p + c; j++) prompt[j] = (int32_t)assay_rng_below(&rng, 64);
        memcpy(rejected, prompt, p * sizeof *prompt);
        for (size_t j = 0; j < r; j++) rejected[p + j] = (int32_t)assay_rng_below(&rng, 64);
        rejected[p] = (prompt[p] + 1) % 64;
        material_add_example(m, prompt, p + c, rejected, p + r);
    }
    material_finish(m);
}

static const char *const material_modules[] = {"all"};
static const assay_lora_spec material_lora = {
    .rank = 4, .alpha = 8, .dropout = 0.2, .targets = material_modules, .target_count = 1};

static inline assay_train_settings material_settings(size_t micro_tokens)
{
    return (assay_train_settings){.batch_pairs = 6,
                                  .epochs = 3,
                                  .lr = 1e-2,
                                  .shape = ASSAY_LR_COSINE,
                                  .min_lr = 0.1,
                                  .warmup = 2,
                                  .margin = -1,
                                  .center = 0.01,
                                  .seed = 9,
                                  .micro_tokens = micro_tokens,
                                  .budget = SIZE_MAX,
                                  .adam = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .clip = 1}};
}

#endif
