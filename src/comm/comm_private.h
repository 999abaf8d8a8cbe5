/* Shared by the files of this folder alone. */
#ifndef ASSAY_COMM_COMM_PRIVATE_H
#define ASSAY_COMM_COMM_PRIVATE_H

#include "comm/comm.h"
#include "comm/transport.h"

typedef struct assay_message_head {
    uint64_t bytes, hash;
} assay_message_head;

/* A message on its way out, piece by piece. */
typedef struct assay_sending {
    assay_message_head head;
    int peer;
    char *data;
    size_t bytes, at, piece; /* at: so many are gone */
    bool busy, head_is_sent;
} assay_sending;

struct assay_comm {
    const assay_transport *transport;
    void *state; /* the transport's */
    int rank, size;
    double timeout; /* seconds */
    char (*hosts)[ASSAY_HOST_NAME];
    size_t *borders; /* size + 1 and one number each: no call but open allocates, so none fails alone */
    uint64_t *numbers;
    assay_comm *whole; /* of a part: what it is a part of, */
    int first, step;   /* by these numbers there; the rest of a part but rank, size and lists is not used */
    assay_sending sending;
    int calls;         /* taken, of those that the next agreement counts */
    bool broken;       /* a message failed: there will be no other */
    bool over;         /* all know of a failure: nothing is left to be said */
    bool others_speak; /* what ended this process is said by process 0 */
};

/* Over a transport that is there already; *out as assay_comm_open has it. */
assay_status assay_comm_open_over(assay_comm **out, const assay_transport *transport, assay_error *err);

/* A message that failed ("cannot send to"), with whom and why: there is no other behind it. peer -1: with nobody yet.
 */
assay_status assay_comm_lost(assay_comm *comm, const char *what, int peer, const char *why, assay_error *err);

/* Between two questions, of which `asked` came to nothing so far. NULL, or why there is nothing left to wait for. peer
 * -1: anybody. */
const char *assay_comm_wait(const assay_comm *comm, int peer, unsigned long asked, double start);

/* Tells all others that this process waits for them in the next agreement. */
assay_status assay_comm_call(assay_comm *comm, assay_error *err);

/* Waits until there were so many calls, and counts anew. */
assay_status assay_comm_take_calls(assay_comm *comm, int count, assay_error *err);

#endif
