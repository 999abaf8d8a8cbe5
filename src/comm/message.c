/* A message is a head (length and hash) and its bytes in pieces. Waiting is asking, with naps between: an MPI that
 * waits by itself keeps a processor busy, which another process on this host may need, and waits for a lost one
 * forever. */
#include "base/clock.h"
#include "comm/comm_private.h"

#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { PIECE = 1 << 20, EAGER = 2000, NAP = 50000, LONGEST_NAP = 2000000 }; /* bytes, questions, nanoseconds */

typedef struct head {
    uint64_t bytes, hash;
} head;

int assay_comm_rank(const assay_comm *comm) { return comm ? comm->rank : 0; }

int assay_comm_size(const assay_comm *comm) { return comm ? comm->size : 1; }

const char *assay_comm_host(const assay_comm *comm, int rank) { return comm->hosts ? comm->hosts[rank] : "?"; }

assay_status assay_comm_lost(assay_comm *comm, const char *what, int peer, const char *why, assay_error *err)
{
    comm->broken = true;
    comm->others_speak = false;
    if (peer < 0) return assay_error_set(err, ASSAY_E_IO, "%s: %s", what, why);
    return assay_error_set(err, ASSAY_E_IO, "%s rank %d of %d, %s: %s", what, peer, comm->size, comm->hosts[peer], why);
}

static assay_status lost(assay_comm *comm, assay_transfer transfer, int peer, const char *why, assay_error *err)
{
    return assay_comm_lost(comm, transfer == ASSAY_SENDING ? "cannot send to" : "cannot receive from", peer, why, err);
}

/* The longer nothing comes, the longer the nap. */
static void nap(unsigned long asked)
{
    long pause = NAP * (long)(asked - EAGER);
    if (asked >= EAGER) nanosleep(&(struct timespec){.tv_nsec = pause < LONGEST_NAP ? pause : LONGEST_NAP}, NULL);
}

/* Who waits for a process that waits itself gives up later, so that it is the stuck one that is named: a process of a
 * lower number may wait for any other, one of a higher number for those that are less far above it. */
static double patience(const assay_comm *comm, int peer)
{
    int far = peer < 0 ? comm->size : peer > comm->rank ? peer - comm->rank : comm->rank - peer, levels = 0;
    while (far >> (levels + 1)) levels++;
    return comm->timeout * ((peer < comm->rank ? 1.3 : 1) + 0.02 * levels);
}

const char *assay_comm_wait(const assay_comm *comm, int peer, unsigned long asked, double start)
{
    if (asked > EAGER && assay_clock_seconds() - start > patience(comm, peer))
        return "nothing for ASSAY_RANK_TIMEOUT seconds; it is stuck, or its network is";
    nap(asked);
    return NULL;
}

static assay_status transfer_piece(assay_comm *comm, assay_transfer transfer, int peer, void *data, size_t bytes,
                                   assay_error *err)
{
    bool done = false;
    if (comm->broken) return lost(comm, transfer, peer, "an earlier message failed", err);
    const char *why = comm->transport->begin(comm->state, transfer, peer, data, bytes);
    double start = assay_clock_seconds();
    for (unsigned long asked = 0; !why && !done; asked++) {
        why = comm->transport->poll(comm->state, transfer, &done);
        if (!why && !done) why = assay_comm_wait(comm, peer, asked, start);
    }
    return why ? lost(comm, transfer, peer, why, err) : ASSAY_OK;
}

static assay_status transfer_bytes(assay_comm *comm, assay_transfer transfer, int peer, void *data, size_t bytes,
                                   assay_error *err)
{
    for (size_t at = 0; at < bytes; at += PIECE) {
        size_t piece = bytes - at < PIECE ? bytes - at : PIECE;
        ASSAY_TRY(transfer_piece(comm, transfer, peer, (char *)data + at, piece, err));
    }
    return ASSAY_OK;
}

assay_status assay_comm_send(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    head h = {bytes, XXH3_64bits(data, bytes)};
    ASSAY_TRY(transfer_bytes(comm, ASSAY_SENDING, peer, &h, sizeof h, err));
    return transfer_bytes(comm, ASSAY_SENDING, peer, data, bytes, err);
}

assay_status assay_comm_receive(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    head h;
    ASSAY_TRY(transfer_bytes(comm, ASSAY_RECEIVING, peer, &h, sizeof h, err));
    if (h.bytes != bytes) return lost(comm, ASSAY_RECEIVING, peer, "a message of another length came", err);
    ASSAY_TRY(transfer_bytes(comm, ASSAY_RECEIVING, peer, data, bytes, err));
    if (h.hash == XXH3_64bits(data, bytes)) return ASSAY_OK;
    return lost(comm, ASSAY_RECEIVING, peer, "its message was changed on the way", err);
}
