/* The batch is made with the queue locked (copying ids is quick), computed unlocked. `slots` says where each scored
 * row's reward goes.
 *
 * Trees. Texts are looked at in order; a text joins the open tree while what it has in common with the tree's first
 * text is at least half of what the tree shares so far, which keeps best-of-N together and strangers apart. A trace is
 * a chain: every token a segment of its own whose parent is the token before, every one scored; its last reward is the
 * text's. */
#include "serve/score_worker.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { SHARED_AT_LEAST = 8, ANSWERS_OF_TREE = 256 };

typedef struct target {
    assay_job *job;
    float *reward;
    bool last; /* of its text */
} target;

struct assay_score_worker {
    assay_score_worker_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping, giving_up;
    assay_engine *computing; /* NULL: none */
    assay_job *head, *tail;
    assay_score_worker_figures figures;
    target *targets;
    size_t target_count, target_capacity;
};

static size_t common_prefix(const assay_ids *a, const assay_ids *b)
{
    size_t most = (a->count < b->count ? a->count : b->count) - 1, n = 0;
    while (n < most && a->data[n] == b->data[n]) n++;
    return n;
}

static void aim(assay_score_worker *s, assay_job *job, float *reward, bool last)
{
    s->targets[s->target_count++] = (target){job, reward, last};
}

/* Room for `segments` of which `scored` get a reward. */
static bool has_room(const assay_served *model, size_t tokens, size_t segments, size_t scored)
{
    return assay_pack_fits(model->pack, tokens, segments) && model->pack->scored + scored <= model->scored_capacity;
}

/* False: no room. */
static bool pack_trace(assay_score_worker *s, assay_job *job)
{
    const assay_ids *ids = &job->texts[job->packed];
    float *trace = job->traces[job->packed];
    int parent = -1;
    if (!has_room(job->model, ids->count, ids->count, ids->count)) return false;
    assay_pack_tree(job->model->pack, 0);
    for (size_t i = 0; i < ids->count; i++) {
        parent = assay_pack_segment(job->model->pack, ids->data + i, 1, parent, true);
        aim(s, job, &trace[i], i + 1 == ids->count);
    }
    job->packed++;
    return true;
}

/* How many texts from job->packed on make the next tree, what they share and how many tokens they have together, within
 * the room left. */
static size_t tree_extent(const assay_job *job, size_t *shared, size_t *tokens)
{
    const assay_ids *first = &job->texts[job->packed];
    size_t count = 1, together = first->count;
    *shared = 0;
    *tokens = first->count;
    if (!has_room(job->model, *tokens, 2, 1)) return 0;
    while (job->packed + count < job->count && count < ANSWERS_OF_TREE) {
        const assay_ids *next = &job->texts[job->packed + count];
        size_t common = common_prefix(first, next), now = count == 1 || common < *shared ? common : *shared;
        if (common < SHARED_AT_LEAST || (count > 1 && common < *shared / 2)) break;
        together += next->count;
        if (!has_room(job->model, together - count * now, count + 2, count + 1)) break;
        *shared = now;
        *tokens = together - count * now;
        count++;
    }
    return count;
}

static bool pack_tree(assay_score_worker *s, assay_job *job)
{
    size_t shared, tokens, count = tree_extent(job, &shared, &tokens);
    assay_pack *pack = job->model->pack;
    if (!count) return false;
    assay_pack_tree(pack, 0);
    int prompt = shared ? assay_pack_segment(pack, job->texts[job->packed].data, shared, -1, false) : -1;
    for (size_t i = 0; i < count; i++) {
        const assay_ids *ids = &job->texts[job->packed];
        assay_pack_segment(pack, ids->data + shared, ids->count - shared, prompt, true);
        aim(s, job, &job->rewards[job->packed], true);
        job->packed++;
    }
    return true;
}

/* Takes a job out of the queue; before: the one in front of it, NULL: it is the first. */
static void unlink_job(assay_score_worker *s, assay_job *before, assay_job *job)
{
    if (before) before->next = job->next;
    else s->head = job->next;
    if (s->tail == job) s->tail = before;
    s->figures.waiting--;
}

static void fail_text(assay_job *job, assay_status status, const assay_error *error)
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
    fail_text(job, status, error);
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

/* Fills the pack with texts of one model's jobs; jobs that are wholly packed leave the queue. */
static assay_status gather(assay_score_worker *s, const assay_served *model, assay_error *err)
{
    assay_job *before = NULL;
    bool full = false;
    s->target_count = 0;
    ASSAY_TRY(
        assay_grow((void **)&s->targets, &s->target_capacity, model->scored_capacity + 1, sizeof *s->targets, err));
    assay_pack_clear(model->pack);
    for (assay_job *job = s->head, *next; job && !full; job = next) {
        next = job->next;
        while (job->model == model && job->packed < job->count && !full)
            full = !(job->traces ? pack_trace(s, job) : pack_tree(s, job));
        if (job->model == model && job->packed == job->count) unlink_job(s, before, job);
        else before = job;
    }
    if (s->target_count) return ASSAY_OK;
    assert(s->head); /* no request is without a text, so the first job is still there */
    return assay_error_set(err, ASSAY_E_NO_FIT, "a text of %zu tokens does not fit the micro-batch of %zu",
                           s->head->texts[s->head->packed].count, model->pack->token_capacity);
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
    while (s->head && !s->stopping && s->head->packed == 0 &&
           waiting_tokens(s) < s->head->model->pack->token_capacity &&
           assay_clock_seconds() < s->head->arrived + s->options.wait_seconds)
        sleep_until(s, s->head->arrived + s->options.wait_seconds);
}

/* Rewards to their texts; a job whose last text came is done. */
static void scatter(assay_score_worker *s, const float *rewards, assay_status status, const assay_error *error)
{
    for (size_t i = 0; i < s->target_count; i++) {
        target *t = &s->targets[i];
        if (status != ASSAY_OK) fail_text(t->job, status, error);
        else *t->reward = rewards[i];
        if (status == ASSAY_OK && !isfinite(*t->reward)) {
            assay_error nan;
            assay_error_set(&nan, ASSAY_E_NUMERIC,
                            "a score is not finite; the weights hold NaN or infinity, or are not a model's");
            fail_text(t->job, ASSAY_E_NUMERIC, &nan);
        }
        if (t->last) t->job->pending--;
    }
    for (size_t i = 0; i < s->target_count; i++) {
        assay_job *job = s->targets[i].job;
        if (!s->targets[i].last || job->pending) continue;
        for (size_t k = i + 1; k < s->target_count; k++)
            if (s->targets[k].job == job) s->targets[k].last = false;
        for (size_t k = 0; job->traces && k < job->count; k++)
            job->rewards[k] = job->traces[k][job->texts[k].count - 1];
        s->targets[i].last = false;
        job->done(job);
    }
}

static void compute(assay_score_worker *s, assay_served *model)
{
    assay_error error = {0};
    const assay_geometry *geometry = assay_pack_finish(model->pack);
    double start = assay_clock_seconds();
    size_t texts = 0;
    assay_status status = assay_engine_forward(model->engine, geometry, 0, 0, false, &error);
    if (status == ASSAY_E_STOPPED) assay_error_set(&error, status, "the server is stopping");
    for (size_t i = 0; i < s->target_count; i++) texts += s->targets[i].last;
    double seconds = assay_clock_seconds() - start;
    size_t tokens = geometry->spaces[ASSAY_TOKENS].rows;
    pthread_mutex_lock(&s->mutex);
    s->computing = NULL;
    s->figures.batches++;
    s->figures.tokens += tokens;
    s->figures.texts += texts;
    s->figures.busy_seconds += seconds;
    pthread_mutex_unlock(&s->mutex);
    scatter(s, status == ASSAY_OK ? assay_engine_rewards(model->engine) : NULL, status, &error);
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
    s->computing = model->engine;
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
        compute(s, model);
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
    job->pending = job->count;
    job->packed = 0;
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
    assay_free(s->targets);
    assay_free(s);
}
