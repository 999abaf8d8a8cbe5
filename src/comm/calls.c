/* An exchange waits for the slowest. Who fails, or is told to stop, would wait for hours where others compute for as
 * long, so it calls them: they look between two micro-batches, give up what they are at and come. How many called is
 * known behind the exchange, where every process has said how it fares, so each call is taken in its time. */
#include "base/clock.h"
#include "comm/comm_private.h"

static assay_status take_one(assay_comm *comm, bool *any, assay_error *err)
{
    *any = false;
    const char *why = comm->transport->called(comm->state, any);
    if (why) return assay_comm_lost(comm, "cannot ask for calls of other processes", -1, why, err);
    comm->calls += *any;
    return ASSAY_OK;
}

assay_status assay_comm_call(assay_comm *comm, assay_error *err)
{
    for (int r = 0; r < comm->size; r++) {
        const char *why = r == comm->rank ? NULL : comm->transport->call(comm->state, r);
        if (why) return assay_comm_lost(comm, "cannot call", r, why, err);
    }
    return ASSAY_OK;
}

assay_status assay_comm_take_calls(assay_comm *comm, int count, assay_error *err)
{
    double start = assay_clock_seconds();
    for (unsigned long asked = 0; comm->calls < count; asked++) {
        bool any;
        ASSAY_TRY(take_one(comm, &any, err));
        const char *why = any ? NULL : assay_comm_wait(comm, -1, asked, start);
        if (why) return assay_comm_lost(comm, "calls of other processes do not come", -1, why, err);
    }
    comm->calls -= count;
    return ASSAY_OK;
}

assay_status assay_comm_go_on(assay_comm *comm, const volatile sig_atomic_t *stop, assay_error *err)
{
    bool any;
    if (stop && *stop) return assay_error_set(err, ASSAY_E_STOPPED, "interrupted");
    if (assay_comm_size(comm) == 1 || comm->broken || comm->over) return ASSAY_OK;
    ASSAY_TRY(take_one(comm, &any, err));
    return comm->calls ? assay_error_set(err, ASSAY_E_STOPPED, "interrupted: a signal came to another process")
                       : ASSAY_OK;
}
