/* The one thread that computes: jobs in, rewards out, many jobs in one micro-batch.
 *
 *     assay_score_worker *worker;
 *     ASSAY_TRY(assay_score_worker_start(&worker, &options, err));
 *     job->done = take_rewards; // called on the worker's thread
 *     ASSAY_TRY(assay_score_worker_offer(worker, job, err)); // ASSAY_E_STOPPED: the queue is full, or it is stopping
 *     assay_score_worker_give_up(worker); // optional: nothing more is finished
 *     assay_score_worker_stop(worker); // finishes what is queued
 *     assay_score_worker_free(worker);
 *
 * Texts of waiting jobs of one model go through its batch (score/score_batch.h), which is computed when it is full or
 * the oldest has waited `wait_seconds`. That changes no bit of any reward (docs/numerics.md). A job that nobody wants
 * any more ends with ASSAY_E_STOPPED when its turn comes.
 */
#ifndef ASSAY_SERVE_SCORE_WORKER_H
#define ASSAY_SERVE_SCORE_WORKER_H

#include "serve/served_model.h"

typedef struct assay_job {
    assay_served *model; /* the job's reference */
    assay_ids *texts;    /* [count], each of 1 to model->max_length ids */
    size_t count, tokens;
    assay_lot lot;       /* of the texts; its scores (and traces) are there when status is ASSAY_OK */
    assay_status status; /* set before done */
    assay_error error;
    void (*done)(struct assay_job *job);
    bool (*unwanted)(const struct assay_job *job); /* NULL, or asked before work is done for it */
    void *context;
    double arrived; /* the scorer's from here on */
    struct assay_job *next;
} assay_job;

typedef struct assay_score_worker_options {
    size_t max_queue; /* jobs that may wait */
    double wait_seconds;
} assay_score_worker_options;

typedef struct assay_score_worker_figures {
    size_t waiting;                            /* jobs */
    unsigned long long batches, tokens, texts; /* since the start; tokens as computed, shared ones once */
    double busy_seconds;
} assay_score_worker_figures;

typedef struct assay_score_worker assay_score_worker;

assay_status assay_score_worker_start(assay_score_worker **out, const assay_score_worker_options *options,
                                      assay_error *err);
assay_status assay_score_worker_offer(assay_score_worker *scorer, assay_job *job, assay_error *err);
void assay_score_worker_figures_read(assay_score_worker *scorer, assay_score_worker_figures *out);
/* What waits and what is being computed ends soon, with ASSAY_E_STOPPED; so does all that is offered later. */
void assay_score_worker_give_up(assay_score_worker *scorer);
/* Ends the scorer's thread; its figures may still be read, and offers are refused. Then free, once nobody asks any
 * more. NULL is fine for both. */
void assay_score_worker_stop(assay_score_worker *scorer);
void assay_score_worker_free(assay_score_worker *scorer);

#endif
