/* Persistent workers and dynamic tiles. assay_pool_run(pool, work, context, tiles) calls work(context, tile, worker)
 * once for every tile in [0, tiles), on the calling thread and the workers, and returns when all are done. Tiles are
 * handed out one by one, so a core at half speed takes fewer. Which worker gets which tile is not determined: work must
 * write only what belongs to its tile, so that results do not depend on the number of threads. `worker` is in [0,
 * assay_pool_size(pool)) for per-worker scratch memory. One caller at a time; not re-entrant (work may not call
 * assay_pool_run on the same pool). */
#ifndef ASSAY_BASE_THREADS_H
#define ASSAY_BASE_THREADS_H

#include "base/status.h"

#include <stddef.h>

typedef struct assay_pool assay_pool;

typedef void (*assay_work)(void *context, size_t tile, int worker);

/* threads counts the caller: 1 makes no worker. 0 means all processors this process may use. */
assay_status assay_pool_create(assay_pool **out, int threads, assay_error *err);
void assay_pool_destroy(assay_pool *pool); /* NULL is fine */
int assay_pool_size(const assay_pool *pool);
void assay_pool_run(assay_pool *pool, assay_work work, void *context, size_t tiles);

/* Processors this process may use (affinity mask). */
int assay_processors(void);

#endif
