/* A message is a head (length and hash) and its bytes in pieces. Waiting is asking, with naps between: an MPI that
 * waits by itself keeps a processor busy, which another process on this host may need, and waits for a lost one
 * forever. */
#include "base/clock.h"
#include "comm/comm_private.h"

#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { PIECE = 1 << 20, EAGER = 2000, NAP = 50000, LONGEST_NAP = 2000000 }; /* bytes, questions, nanoseconds */

int assay_comm_rank(const assay_comm *comm) { return comm ? comm->rank : 0; }

int assay_comm_size(const assay_comm *comm) { return comm ? comm->size : 1; }

const char *assay_comm_host(const assay_comm *comm, int rank) { return comm->hosts ? comm->hosts[rank] : "?"; }

/* A part speaks through the whole, by the whole's numbers. */
static assay_comm *whole_of(assay_comm *comm) { return comm->whole ? comm->whole : comm; }
static int number_of(const assay_comm *comm, int peer) { return comm->whole ? comm->first + comm->step * peer : peer; }

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

/* Begins the next piece of what is being sent, or ends. */
static assay_status begin_piece(assay_comm *comm, assay_error *err)
{
    assay_sending *s = &comm->sending;
    bool head = !s->head_is_sent;
    s->piece = head ? sizeof s->head : s->bytes - s->at < PIECE ? s->bytes - s->at : PIECE;
    s->busy = s->piece > 0;
    if (!s->busy) return ASSAY_OK;
    void *from = head ? (void *)&s->head : s->data + s->at;
    const char *why = comm->transport->begin(comm->state, ASSAY_SENDING, s->peer, from, s->piece);
    return why ? lost(comm, ASSAY_SENDING, s->peer, why, err) : ASSAY_OK;
}

/* Looks whether a piece is gone, and lets the next one follow. */
static assay_status go_on_sending(assay_comm *comm, assay_error *err)
{
    assay_sending *s = &comm->sending;
    bool done = false;
    if (!s->busy) return ASSAY_OK;
    const char *why = comm->transport->poll(comm->state, ASSAY_SENDING, &done);
    if (why) return lost(comm, ASSAY_SENDING, s->peer, why, err);
    if (!done) return ASSAY_OK;
    if (s->head_is_sent) s->at += s->piece;
    s->head_is_sent = true;
    return begin_piece(comm, err);
}

static assay_status end_sending(assay_comm *comm, assay_error *err)
{
    double start = assay_clock_seconds();
    size_t at = comm->sending.at;
    for (unsigned long asked = 0; comm->sending.busy; asked++) {
        ASSAY_TRY(go_on_sending(comm, err));
        if (comm->sending.at != at) {
            start = assay_clock_seconds();
            at = comm->sending.at;
            asked = 0;
        }
        const char *why = comm->sending.busy ? assay_comm_wait(comm, comm->sending.peer, asked, start) : NULL;
        if (why) return lost(comm, ASSAY_SENDING, comm->sending.peer, why, err);
    }
    return ASSAY_OK;
}

assay_status assay_comm_send_begin(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    assay_comm *whole = whole_of(comm);
    peer = number_of(comm, peer);
    if (whole->broken) return lost(whole, ASSAY_SENDING, peer, "an earlier message failed", err);
    ASSAY_TRY(end_sending(whole, err));
    whole->sending =
        (assay_sending){.head = {bytes, XXH3_64bits(data, bytes)}, .peer = peer, .data = data, .bytes = bytes};
    return begin_piece(whole, err);
}

assay_status assay_comm_send_end(assay_comm *comm, assay_error *err)
{
    assay_comm *whole = comm ? whole_of(comm) : NULL;
    if (!whole || !whole->sending.busy) return ASSAY_OK;
    if (whole->broken) return lost(whole, ASSAY_SENDING, whole->sending.peer, "an earlier message failed", err);
    return end_sending(whole, err);
}

assay_status assay_comm_send(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    ASSAY_TRY(assay_comm_send_begin(comm, peer, data, bytes, err));
    return assay_comm_send_end(comm, err);
}

/* Meanwhile what is being sent goes on: its receiver may be waiting for it before it sends this. */
static assay_status receive_piece(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    bool done = false;
    if (comm->broken) return lost(comm, ASSAY_RECEIVING, peer, "an earlier message failed", err);
    const char *why = comm->transport->begin(comm->state, ASSAY_RECEIVING, peer, data, bytes);
    double start = assay_clock_seconds();
    for (unsigned long asked = 0; !why && !done; asked++) {
        why = comm->transport->poll(comm->state, ASSAY_RECEIVING, &done);
        if (why || done) break;
        ASSAY_TRY(go_on_sending(comm, err));
        why = assay_comm_wait(comm, peer, asked, start);
    }
    return why ? lost(comm, ASSAY_RECEIVING, peer, why, err) : ASSAY_OK;
}

assay_status assay_comm_receive_most(assay_comm *comm, int peer, void *data, size_t most, size_t *bytes,
                                     assay_error *err)
{
    assay_comm *whole = whole_of(comm);
    assay_message_head h;
    peer = number_of(comm, peer);
    ASSAY_TRY(receive_piece(whole, peer, &h, sizeof h, err));
    if (h.bytes > most) return lost(whole, ASSAY_RECEIVING, peer, "a message of another length came", err);
    *bytes = (size_t)h.bytes;
    for (size_t at = 0; at < *bytes; at += PIECE) {
        size_t piece = *bytes - at < PIECE ? *bytes - at : PIECE;
        ASSAY_TRY(receive_piece(whole, peer, (char *)data + at, piece, err));
    }
    if (h.hash == XXH3_64bits(data, *bytes)) return ASSAY_OK;
    return lost(whole, ASSAY_RECEIVING, peer, "its message was changed on the way", err);
}

assay_status assay_comm_receive(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err)
{
    size_t came;
    ASSAY_TRY(assay_comm_receive_most(comm, peer, data, bytes, &came, err));
    if (came == bytes) return ASSAY_OK;
    return lost(whole_of(comm), ASSAY_RECEIVING, number_of(comm, peer), "a message of another length came", err);
}
