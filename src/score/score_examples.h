/* Rewards of pairs and of groups of answers, by any engine whose bounds hold them. */
#ifndef ASSAY_SCORE_SCORE_EXAMPLES_H
#define ASSAY_SCORE_SCORE_EXAMPLES_H

#include "data/batches.h"
#include "engine/engine.h"
#include "score/pack.h"

#include <signal.h>

/* Adds a pair as a tree: prompt shared, two scored answers (two plain texts where nothing is shared). identity: what
 * dropout counts by. */
void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example,
                        uint64_t identity);

/* rewards[2 * i] chosen, [2 * i + 1] rejected, of examples picked[i] (NULL: all in order). micro_tokens: at most so
 * many tokens at a time. stop: NULL, or checked between micro-batches; not 0 ends with ASSAY_E_STOPPED. */
assay_status assay_score_examples(assay_engine *engine, assay_pack *pack, const assay_example_set *set,
                                  const uint32_t *picked, size_t count, size_t micro_tokens,
                                  const volatile sig_atomic_t *stop, float *rewards, assay_error *err);

#endif
