#include "base/meter.h"

#include <stdbool.h>
#include <stdint.h>

void assay_meter_init(assay_meter *meter, assay_meter_pool *pool, size_t most)
{
    *meter = (assay_meter){.pool = pool, .most = pool && pool->most < most ? pool->most : most};
}

static assay_status say(const assay_meter *meter, assay_status status, assay_error *err)
{
    if (status == ASSAY_E_MEMORY)
        return assay_error_set(err, status, "what is being worked on takes all memory set aside for it; try again");
    return assay_error_set(err, status, "this would take more than %zu KiB of memory to work on; send less at a time",
                           meter->most >> 10);
}

static assay_status refuse(assay_meter *meter, assay_status status, assay_error *err)
{
    meter->refused = status;
    return say(meter, status, err);
}

/* What of `used` bytes counts in the pool. */
static size_t pooled_of(const assay_meter *meter, size_t used)
{
    return meter->pool && used > meter->unpooled ? used - meter->unpooled : 0;
}

assay_status assay_meter_take(assay_meter *meter, size_t bytes, assay_error *err)
{
    if (!meter) return ASSAY_OK;
    if (bytes > meter->most || meter->used > meter->most - bytes) return refuse(meter, ASSAY_E_NO_FIT, err);
    size_t pooled = pooled_of(meter, meter->used + bytes), more = pooled - meter->pooled;
    if (more && atomic_fetch_add(&meter->pool->used, more) > meter->pool->most - more) {
        atomic_fetch_sub(&meter->pool->used, more);
        return refuse(meter, ASSAY_E_MEMORY, err);
    }
    meter->pooled = pooled;
    meter->used += bytes;
    if (meter->used > meter->peak) meter->peak = meter->used;
    return ASSAY_OK;
}

void assay_meter_give(assay_meter *meter, size_t bytes)
{
    if (!meter) return;
    meter->used -= bytes < meter->used ? bytes : meter->used;
    size_t pooled = pooled_of(meter, meter->used);
    if (meter->pool) atomic_fetch_sub(&meter->pool->used, meter->pooled - pooled);
    meter->pooled = pooled;
}

void assay_meter_release(assay_meter *meter) { assay_meter_give(meter, meter->used); }

assay_status assay_meter_verdict(const assay_meter *meter, assay_status status, assay_error *err)
{
    bool swallowed = meter && meter->refused != ASSAY_OK && status != ASSAY_OK;
    return swallowed ? say(meter, meter->refused, err) : status;
}
