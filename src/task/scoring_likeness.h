/* Whether the processes that score together have the same model, and compute alike (task/likeness.h). */
#ifndef ASSAY_TASK_SCORING_LIKENESS_H
#define ASSAY_TASK_SCORING_LIKENESS_H

#include "comm/comm.h"
#include "model/model.h"
#include "task/model_source.h"

/* What a process scores with; borrowed. head_tokens: two, of --head-from-tokens. */
typedef struct assay_scoring_parts {
    const assay_model_source *source;
    const assay_model *model;
    const int32_t *head_tokens;
    const assay_kernels *kernels;
    assay_pool *pool;
} assay_scoring_parts;

/* All of comm call it. ASSAY_E_UNEQUAL: they do not; all return alike. Reads the model's bytes once; comm NULL or of
 * one process: nothing. */
assay_status assay_scoring_compare(const assay_scoring_parts *parts, assay_comm *comm, assay_error *err);

#endif
