/* A pool of workers that wait for a job number to change. A job is published by storing its description and then
 * raising `job` (release). Workers spin briefly on `job`, since the next product usually follows within microseconds,
 * then sleep on a condition variable. Tiles are taken from one atomic counter. The caller waits until `running` falls
 * to zero, so a job's description is never overwritten while someone reads it. */
#include "base/threads.h"

#include "base/alloc.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* A worker waits about 50 microseconds awake, since the next job usually follows sooner; the caller, whose worker may
 * have lost its core to another process, soon gives way. */
enum { SPINS_BEFORE_SLEEP = 4000, SPINS_BEFORE_YIELD = 200 };

typedef struct worker_start {
    assay_pool *pool;
    int index;
} worker_start;

struct assay_pool {
    int size, started;
    pthread_t *threads;
    worker_start *starts;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_uint job;
    atomic_int sleeping, running;
    atomic_bool stop;
    atomic_size_t next;
    size_t tiles;
    assay_work work;
    void *context;
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_tiles(assay_pool *pool, int worker)
{
    size_t tile;
    while ((tile = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->tiles)
        pool->work(pool->context, tile, worker);
}

static unsigned wait_for_job(assay_pool *pool, unsigned seen)
{
    unsigned job;
    for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
        job = atomic_load_explicit(&pool->job, memory_order_acquire);
        if (job != seen) return job;
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleeping, 1);
    while ((job = atomic_load(&pool->job)) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *worker_main(void *argument)
{
    worker_start *start = argument;
    assay_pool *pool = start->pool;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_job(pool, seen);
        if (atomic_load(&pool->stop)) return NULL;
        take_tiles(pool, start->index);
        atomic_fetch_sub_explicit(&pool->running, 1, memory_order_release);
    }
}

static void publish(assay_pool *pool)
{
    atomic_fetch_add(&pool->job, 1);
    if (atomic_load(&pool->sleeping) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void assay_pool_run(assay_pool *pool, assay_work work, void *context, size_t tiles)
{
    pool->work = work;
    pool->context = context;
    pool->tiles = tiles;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    if (pool->size == 1 || tiles <= 1) {
        take_tiles(pool, 0);
        return;
    }
    atomic_store_explicit(&pool->running, pool->size - 1, memory_order_relaxed);
    publish(pool);
    take_tiles(pool, 0);
    for (int spin = 0; atomic_load_explicit(&pool->running, memory_order_acquire) != 0; spin++) {
        pause_briefly();
        if (spin > SPINS_BEFORE_YIELD) sched_yield();
    }
}

int assay_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

static assay_status start_workers(assay_pool *pool, assay_error *err)
{
    for (int i = 1; i < pool->size; i++) {
        pool->starts[i] = (worker_start){pool, i};
        int failed = pthread_create(&pool->threads[i], NULL, worker_main, &pool->starts[i]);
        if (failed) return assay_error_set(err, ASSAY_E_IO, "cannot start thread %d: %s", i, strerror(failed));
        pool->started = i;
    }
    return ASSAY_OK;
}

assay_status assay_pool_create(assay_pool **out, int threads, assay_error *err)
{
    assay_pool *pool = assay_alloc(1, sizeof *pool);
    *out = NULL;
    ASSAY_TRY_ALLOC(pool, "a thread pool", err);
    pool->size = threads > 0 ? threads : assay_processors();
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->threads = assay_alloc((size_t)pool->size, sizeof *pool->threads);
    pool->starts = assay_alloc((size_t)pool->size, sizeof *pool->starts);
    assay_status status = pool->threads && pool->starts
                              ? start_workers(pool, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a thread pool");
    if (status != ASSAY_OK) {
        assay_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return ASSAY_OK;
}

void assay_pool_destroy(assay_pool *pool)
{
    if (!pool) return;
    atomic_store(&pool->stop, true);
    publish(pool);
    for (int i = 1; i <= pool->started; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    assay_free(pool->threads);
    assay_free(pool->starts);
    assay_free(pool);
}

int assay_pool_size(const assay_pool *pool) { return pool->size; }
