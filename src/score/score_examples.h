/* Scores of pairs, in micro-batches of pairs: what an evaluation during training and `assay eval` judge by. */
#ifndef ASSAY_SCORE_SCORE_EXAMPLES_H
#define ASSAY_SCORE_SCORE_EXAMPLES_H

#include "data/batches.h"
#include "score/score_batch.h"

/* Asked between micro-batches; what is not ASSAY_OK ends the scoring. */
typedef struct assay_score_watch {
    assay_status (*go_on)(void *context, assay_error *err);
    void *context;
} assay_score_watch;

/* Of examples first to first + count - 1. scores: set->answer_count, in the order of set->answers; numbers: of each
 * answer every label's (batch->labels), NULL: not wanted. Those of other examples are left as they are. Both are not
 * looked at (assay_score_batch_check): in training a NaN is told of there. A pair that is larger than a micro-batch is
 * ASSAY_E_NO_FIT naming its file and line. The batch is empty before and after. */
assay_status assay_score_examples(assay_score_batch *batch, const assay_example_set *set, size_t first, size_t count,
                                  const assay_score_watch *watch, double *scores, double *numbers, assay_error *err);

#endif
