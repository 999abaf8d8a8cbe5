#include "base/alloc.h"
#include "comm/comm_private.h"
#include "comm/plugin.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* seconds; a step of a large model may take many minutes */
enum { TIMEOUT = 1800, TIMEOUT_MOST = 100000000 };

/* In seconds; what is no whole number above 0 leaves the usual one, with which this can still be told to all. */
static assay_status read_timeout(assay_comm *comm, assay_error *err)
{
    const char *text = getenv("ASSAY_RANK_TIMEOUT");
    char *end = NULL;
    long seconds = text && isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;
    comm->timeout = TIMEOUT;
    if (!text || !*text) return ASSAY_OK;
    if (!end || *end || seconds <= 0 || seconds > TIMEOUT_MOST)
        return assay_error_set(
            err, ASSAY_E_USAGE,
            "ASSAY_RANK_TIMEOUT is '%.40s', which is no number of seconds from 1 to %d; unset it for "
            "half an hour",
            text, TIMEOUT_MOST);
    comm->timeout = (double)seconds;
    return ASSAY_OK;
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
    const char *why = comm->transport->open(comm->state, (unsigned)comm->timeout, &comm->rank, &comm->size);
    if (why) {
        comm->rank = 0; /* what it said before it failed means nothing */
        comm->size = 1;
        return assay_comm_lost(comm, "MPI does not start", -1, why, err);
    }
    assay_status status = learn_hosts(comm, err);
    if (status != ASSAY_OK) comm->broken = true; /* the others wait in vain */
    return status;
}

assay_status assay_comm_open_over(assay_comm **out, const assay_transport *transport, assay_error *err)
{
    assay_comm *comm = assay_alloc(1, sizeof *comm);
    void *state = assay_alloc(1, transport->state_bytes);
    *out = comm;
    if (!comm || !state) {
        assay_free(comm);
        assay_free(state);
        *out = NULL;
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the processes of a run");
    }
    comm->transport = transport;
    comm->state = state;
    assay_error wrong = {0};
    assay_status timeout = read_timeout(comm, &wrong), status = begin(comm, err);
    if (status == ASSAY_OK && timeout != ASSAY_OK && err) *err = wrong;
    return status == ASSAY_OK ? assay_comm_agree(comm, timeout, NULL, err) : status;
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
                           "plug-in; type: mpirun.%s -n %ld assay ...",
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
    return assay_comm_agree(*out, confirm(*out, &launcher, err), NULL, err);
}

assay_status assay_comm_is_launched(bool *launched, assay_error *err)
{
    assay_launcher launcher;
    *launched = false;
    ASSAY_TRY(assay_launcher_find(&launcher, err));
    const char *step = launcher.claimed ? NULL : getenv("SLURM_STEP_NUM_TASKS");
    *launched = launcher.found && launcher.claimed != 1 && (!step || strcmp(step, "1") != 0);
    return ASSAY_OK;
}

assay_status assay_comm_close(assay_comm *comm, int exit_code, assay_error *err)
{
    const char *why = NULL;
    assay_status status = ASSAY_OK;
    if (!comm) return ASSAY_OK;
    if (comm->broken) comm->transport->end_all(comm->state, exit_code);
    else why = comm->transport->close(comm->state);
    if (why)
        status = assay_error_set(err, ASSAY_E_IO, "rank %d of %d: MPI does not end: %s", comm->rank, comm->size, why);
    release(comm);
    return status;
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
