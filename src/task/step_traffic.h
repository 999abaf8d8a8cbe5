/* What a step of several processes is made of: micro-batches and answers of each row of stages, and the bytes that each
 * process sends and receives, message by message.
 *
 *     assay_step_traffic traffic;
 *     ASSAY_TRY(assay_step_traffic_make(&traffic, training, err));
 *     ... // traffic.sent[rank], traffic.rows[rank / stages]
 *     assay_step_traffic_release(&traffic);
 *
 * With data, means over all whole steps of the run's first epoch, cut as the trainer cuts them; without, pairs are as
 * long as the longest. Evaluations and checkpoints are not in it. */
#ifndef ASSAY_TASK_STEP_TRAFFIC_H
#define ASSAY_TASK_STEP_TRAFFIC_H

#include "task/training.h"

/* Words of 8 bytes that all processes gather in a step. */
enum { ASSAY_STEP_WORDS = 3 };

/* A row's part of a step. */
typedef struct assay_step_row {
    double tokens, micro_batches, answers;
} assay_step_row;

typedef struct assay_step_traffic {
    int processes, stages, groups;
    size_t pairs;            /* of a whole step */
    assay_step_row *rows;    /* [groups] */
    double *sent, *received; /* [processes]; bytes */
    double spread_bytes; /* of the weights that a stage's processes bring to each other, of that with most; 0: none */
} assay_step_traffic;

/* training: opened as far as the plan, whose staging says of how many processes. On failure there is nothing to
 * release. */
assay_status assay_step_traffic_make(assay_step_traffic *traffic, const assay_training *training, assay_error *err);
void assay_step_traffic_release(assay_step_traffic *traffic); /* safe on a zeroed one */

/* The planning of a stage; of a model that is not cut, that of all of it. */
const assay_planning *assay_training_stage(const assay_training *training, int stage);

/* Bytes of a stage's messages with its neighbours for so many tokens in so many micro-batches, heads included: what it
 * sends up, and what it gets back. 0: there is none above. */
double assay_step_up_bytes(const assay_training *training, int stage, const assay_step_row *row);
double assay_step_down_bytes(const assay_training *training, int stage, const assay_step_row *row);

#endif
