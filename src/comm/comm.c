#include "base/alloc.h"
#include "comm/comm_private.h"
#include "comm/plugin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT = 1800 }; /* seconds; a step of a large model may take many minutes */

static double timeout_wanted(void)
{
    const char *text = getenv("ASSAY_RANK_TIMEOUT");
    long seconds = text ? strtol(text, NULL, 10) : 0;
    return (double)(seconds > 0 ? seconds : TIMEOUT);
}

static void release(assay_comm *comm)
{
    assay_free(comm->hosts);
    assay_free(comm->borders);
    assay_free(comm->numbers);
    assay_free(comm->state);
    assay_free(comm);
}

/* The first exchange: it also makes the transport take what memory it needs for the connections. */
static assay_status learn_hosts(assay_comm *comm, assay_error *err)
{
    comm->hosts = assay_alloc((size_t)comm->size, sizeof *comm->hosts);
    comm->borders = assay_alloc((size_t)comm->size + 1, sizeof *comm->borders);
    comm->numbers = assay_alloc((size_t)comm->size, sizeof *comm->numbers);
    if (!comm->hosts || !comm->borders || !comm->numbers)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of processes");
    for (int r = 0; r < comm->size; r++) comm->hosts[r][0] = '?';
    (void)gethostname(comm->hosts[comm->rank], ASSAY_HOST_NAME - 1); /* where it fails the name stays */
    return assay_comm_gather(comm, comm->hosts, sizeof *comm->hosts, err);
}

static assay_status begin(assay_comm *comm, assay_error *err)
{
    comm->timeout = timeout_wanted();
    comm->state = assay_alloc(1, comm->transport->state_bytes);
    ASSAY_TRY_ALLOC(comm->state, "a transport", err);
    const char *why = comm->transport->open(comm->state, &comm->rank, &comm->size);
    if (why) return assay_error_set(err, ASSAY_E_IO, "MPI does not start: %s", why);
    return learn_hosts(comm, err);
}

assay_status assay_comm_open_over(assay_comm **out, const assay_transport *transport, assay_error *err)
{
    assay_comm *comm = assay_alloc(1, sizeof *comm);
    *out = NULL;
    ASSAY_TRY_ALLOC(comm, "the processes of a run", err);
    comm->transport = transport;
    assay_status status = begin(comm, err);
    if (status == ASSAY_OK) *out = comm;
    else release(comm);
    return status;
}

assay_status assay_comm_part(assay_comm **out, assay_comm *whole, int first, int step, int count, assay_error *err)
{
    *out = NULL;
    if (count < 2) return ASSAY_OK;
    assay_comm *part = assay_alloc(1, sizeof *part);
    ASSAY_TRY_ALLOC(part, "some of the processes", err);
    part->whole = whole;
    part->first = first;
    part->step = step;
    part->rank = (whole->rank - first) / step;
    part->size = count;
    part->borders = assay_alloc((size_t)count + 1, sizeof *part->borders);
    if (part->borders) {
        *out = part;
        return ASSAY_OK;
    }
    assay_comm_part_free(part);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for some of the processes");
}

void assay_comm_part_free(assay_comm *part)
{
    if (part) release(part);
}

static assay_status confirm(const assay_comm *comm, const assay_launcher *launcher, assay_error *err)
{
    if (!launcher->claimed || launcher->claimed == comm->size) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s says %ld processes, %s says %d: the mpirun that started them is of another MPI than the "
                           "plug-in; type: mpirun.%s -n %ld assay train ...",
                           launcher->sign, launcher->claimed, assay_comm_name(comm), comm->size, launcher->plugin,
                           launcher->claimed);
}

assay_status assay_comm_open(assay_comm **out, assay_error *err)
{
    assay_launcher launcher;
    const assay_transport *transport;
    *out = NULL;
    ASSAY_TRY(assay_launcher_find(&launcher, err));
    if (!launcher.found) return ASSAY_OK;
    ASSAY_TRY(assay_plugin_open(&launcher, &transport, err));
    ASSAY_TRY(assay_comm_open_over(out, transport, err));
    assay_status status = confirm(*out, &launcher, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_comm_close(*out, assay_status_exit_code(status));
    *out = NULL;
    return status;
}

/* What is wrong with an MPI now has no say in how the run ended. */
void assay_comm_close(assay_comm *comm, int exit_code)
{
    if (!comm) return;
    if (comm->broken) comm->transport->end_all(comm->state, exit_code);
    else (void)comm->transport->close(comm->state);
    release(comm);
}

const char *assay_comm_name(const assay_comm *comm) { return comm->transport->name(comm->state); }

int assay_comm_neighbours(const assay_comm *comm)
{
    int count = 0;
    for (int r = 0; comm && r < comm->size; r++) count += !strcmp(comm->hosts[r], comm->hosts[comm->rank]);
    return comm ? count : 1;
}

int assay_comm_hosts(const assay_comm *comm)
{
    int hosts = 0;
    for (int r = 0; comm && r < comm->size; r++) {
        bool seen = false;
        for (int i = 0; i < r; i++) seen |= !strcmp(comm->hosts[i], comm->hosts[r]);
        hosts += !seen;
    }
    return comm ? hosts : 1;
}
