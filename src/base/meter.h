/* Memory that is counted while it is made, so that what a stranger sends costs no more than it may.
 *
 *     assay_meter_pool pool = {.most = 256 << 20}; // shared; may be NULL
 *     assay_meter meter;
 *     assay_meter_init(&meter, &pool, 16 * size + (16 << 20));
 *     ... json_doc, text_arena and ids take a meter and charge what they allocate ...
 *     assay_meter_release(&meter); // gives everything back to the pool
 *
 * A meter belongs to one thread at a time; a pool to all. Nothing is allocated here: the numbers are promises kept by
 * whoever calls assay_meter_take before it allocates. The first `unpooled` bytes of a meter do not count in the pool,
 * so that something small is never refused because of something large.
 *
 * Refusals are kept: code that only knows "out of memory" may swallow the status, assay_meter_verdict brings it back.
 * ASSAY_E_NO_FIT: more than this meter allows, or than the pool has when it is empty: the same again will not fit
 * either. ASSAY_E_MEMORY: others have it at present.
 */
#ifndef ASSAY_BASE_METER_H
#define ASSAY_BASE_METER_H

#include "base/status.h"

#include <stdatomic.h>
#include <stddef.h>

typedef struct assay_meter_pool {
    size_t most;
    atomic_size_t used;
} assay_meter_pool;

typedef struct assay_meter {
    assay_meter_pool *pool;
    size_t most, unpooled;
    size_t used, peak, pooled; /* pooled: of `used`, counted in the pool */
    assay_status refused;      /* ASSAY_OK: never */
} assay_meter;

void assay_meter_init(assay_meter *meter, assay_meter_pool *pool, size_t most);

/* meter NULL: nothing is counted and everything allowed. */
assay_status assay_meter_take(assay_meter *meter, size_t bytes, assay_error *err);
void assay_meter_give(assay_meter *meter, size_t bytes);
void assay_meter_release(assay_meter *meter); /* safe on a zeroed meter, and twice */

/* The refusal behind a failure, if there was one; else `status` and err as they are. */
assay_status assay_meter_verdict(const assay_meter *meter, assay_status status, assay_error *err);

#endif
