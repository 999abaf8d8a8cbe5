/* The batch is made with the queue locked (copying ids is quick), computed unlocked. `jobs` are those that have a text
 * in it; one that is wholly packed has left the queue. */
#include "serve/score_worker.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

struct assay_score_worker {
    assay_score_worker_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping, giving_up;
    assay_engine *computing; /* NULL: none */
    assay_job *head, *tail;
    assay_score_worker_figures figures;
    assay_job **jobs;
    size_t job_count, job_capacity;
};

/* Takes a job out of the queue; before: the one in front of it, NULL: it is the first. */
static void unlink_job(assay_score_worker *s, assay_job *before, assay_job *job)
{
    if (before) before->next = job->next;
    else s->head = job->next;
    if (s->tail == job) s->tail = before;
    s->figures.waiting--;
}

static void fail_job(assay_job *job, assay_status status, const assay_error *error)
{
    if (job->status != ASSAY_OK) return;
    job->status = status;
    job->error = *error;
}

/* A job that none of the computed rows belongs to leaves the queue for good. */
static void drop(assay_score_worker *s, assay_job *before, assay_job *job, assay_status status,
                 const assay_error *error)
{
    unlink_job(s, before, job);
    fail_job(job, status, error);
    job->done(job);
}

static void drop_unwanted(assay_score_worker *s)
{
    assay_error error;
    assay_error_set(&error, ASSAY_E_STOPPED, "the client is gone");
    for (assay_job *job = s->head, *before = NULL, *next; job; job = next) {
        next = job->next;
        if (job->unwanted && job->unwanted(job)) drop(s, before, job, ASSAY_E_STOPPED, &error);
        else before = job;
    }
}

/* Fills the batch with texts of one model's jobs; jobs that are wholly packed leave the queue. */
static assay_status gather(assay_score_worker *s, const assay_served *model, assay_error *err)
{
    assay_job *before = NULL;
    bool full = false;
    s->job_count = 0;
    ASSAY_TRY(assay_grow((void **)&s->jobs, &s->job_capacity, s->figures.waiting, sizeof *s->jobs, err));
    for (assay_job *job = s->head, *next; job && !full; job = next) {
        next = job->next;
        size_t packed = job->lot.packed;
        if (job->model == model) full = !assay_score_batch_add(model->batch, &job->lot);
        if (job->lot.packed > packed) s->jobs[s->job_count++] = job;
        if (job->lot.packed == job->lot.count) unlink_job(s, before, job);
        else before = job;
    }
    if (s->job_count) return ASSAY_OK;
    assert(s->head); /* no request is without a text, so the first job is still there */
    return assay_score_batch_no_fit(model->batch, &s->head->lot, err);
}

static size_t waiting_tokens(const assay_score_worker *s)
{
    size_t tokens = 0;
    for (const assay_job *job = s->head; job; job = job->next)
        if (job->model == s->head->model) tokens += job->tokens;
    return tokens;
}

static void sleep_until(assay_score_worker *s, double seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double left = seconds - assay_clock_seconds();
    if (left <= 0) return;
    long nanos = now.tv_nsec + (long)(left * 1e9);
    now.tv_sec += nanos / 1000000000;
    now.tv_nsec = nanos % 1000000000;
    pthread_cond_timedwait(&s->wake, &s->mutex, &now);
}

/* Returns with the lock held when there is a first job, or the scorer is stopping. */
static void wait_for_work(assay_score_worker *s)
{
    while (!s->head && !s->stopping) pthread_cond_wait(&s->wake, &s->mutex);
    while (s->head && !s->stopping && s->head->lot.packed == 0 &&
           waiting_tokens(s) < s->head->model->batch->setup.tokens &&
           assay_clock_seconds() < s->head->arrived + s->options.wait_seconds)
        sleep_until(s, s->head->arrived + s->options.wait_seconds);
}

/* A job whose last text came is done. */
static void finish_jobs(assay_score_worker *s, assay_score_batch *batch)
{
    for (size_t i = 0; i < s->job_count; i++) {
        assay_job *job = s->jobs[i];
        if (job->status == ASSAY_OK) job->status = assay_score_batch_why(batch, &job->lot, &job->error);
        if (job->status == ASSAY_E_STOPPED) assay_error_set(&job->error, job->status, "the server is stopping");
        if (job->lot.scored == job->lot.count) job->done(job);
    }
}

static void compute(assay_score_worker *s, assay_score_batch *batch)
{
    double start = assay_clock_seconds();
    assay_score_batch_run(batch, NULL);
    double seconds = assay_clock_seconds() - start;
    pthread_mutex_lock(&s->mutex);
    s->computing = NULL;
    s->figures.batches++;
    s->figures.tokens += batch->last_tokens;
    s->figures.texts += batch->last_texts;
    s->figures.busy_seconds += seconds;
    pthread_mutex_unlock(&s->mutex);
    finish_jobs(s, batch);
}

/* The queue is locked and nothing is being computed. */
static void drop_all(assay_score_worker *s)
{
    assay_error error;
    assay_error_set(&error, ASSAY_E_STOPPED, "the server is stopping");
    while (s->head) drop(s, NULL, s->head, ASSAY_E_STOPPED, &error);
}

/* Takes the next micro-batch out of the queue: its model, with a reference, or NULL: there is none. A micro-batch that
 * cannot even be made (out of memory) fails the job in front. */
static assay_served *take_batch(assay_score_worker *s)
{
    assay_error error = {0};
    drop_unwanted(s);
    if (s->giving_up) drop_all(s);
    if (!s->head) return NULL;
    assay_served *model = s->head->model;
    assay_status status = gather(s, model, &error);
    if (status != ASSAY_OK) {
        drop(s, NULL, s->head, status, &error);
        return NULL;
    }
    atomic_fetch_add(&model->references, 1);
    s->computing = model->batch->setup.engine;
    return model;
}

static void *scorer_main(void *argument)
{
    assay_score_worker *s = argument;
    bool over = false;
    while (!over) {
        pthread_mutex_lock(&s->mutex);
        wait_for_work(s);
        assay_served *model = take_batch(s);
        over = !s->head && !model && s->stopping;
        pthread_mutex_unlock(&s->mutex);
        if (!model) continue;
        compute(s, model->batch);
        assay_served_give(model);
    }
    return NULL;
}

assay_status assay_score_worker_start(assay_score_worker **out, const assay_score_worker_options *options,
                                      assay_error *err)
{
    assay_score_worker *s = assay_alloc(1, sizeof *s);
    pthread_condattr_t monotonic;
    *out = NULL;
    ASSAY_TRY_ALLOC(s, "the scorer", err);
    s->options = *options;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&s->thread, NULL, scorer_main, s)) {
        assay_free(s);
        return assay_error_set(err, ASSAY_E_IO, "cannot start the scoring thread");
    }
    *out = s;
    return ASSAY_OK;
}

assay_status assay_score_worker_offer(assay_score_worker *s, assay_job *job, assay_error *err)
{
    assay_status status = ASSAY_OK;
    job->arrived = assay_clock_seconds();
    job->next = NULL;
    pthread_mutex_lock(&s->mutex);
    if (s->stopping) status = assay_error_set(err, ASSAY_E_STOPPED, "the server is stopping");
    else if (s->figures.waiting >= s->options.max_queue)
        status = assay_error_set(err, ASSAY_E_STOPPED, "%zu requests are waiting; try again", s->figures.waiting);
    if (status == ASSAY_OK) {
        if (s->tail) s->tail->next = job;
        else s->head = job;
        s->tail = job;
        s->figures.waiting++;
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->mutex);
    return status;
}

void assay_score_worker_figures_read(assay_score_worker *s, assay_score_worker_figures *out)
{
    pthread_mutex_lock(&s->mutex);
    *out = s->figures;
    pthread_mutex_unlock(&s->mutex);
}

void assay_score_worker_give_up(assay_score_worker *s)
{
    pthread_mutex_lock(&s->mutex);
    s->giving_up = s->stopping = true;
    if (s->computing) assay_engine_stop(s->computing);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
}

void assay_score_worker_stop(assay_score_worker *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
}

void assay_score_worker_free(assay_score_worker *s)
{
    if (!s) return;
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->wake);
    assay_free(s->jobs);
    assay_free(s);
}
