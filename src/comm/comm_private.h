/* Shared by the files of this folder alone. */
#ifndef ASSAY_COMM_COMM_PRIVATE_H
#define ASSAY_COMM_COMM_PRIVATE_H

#include "comm/comm.h"
#include "comm/transport.h"

struct assay_comm {
    const assay_transport *transport;
    void *state; /* the transport's */
    int rank, size;
    double timeout; /* seconds */
    char (*hosts)[ASSAY_HOST_NAME];
    size_t *borders; /* size + 1 and one number each: no call but open allocates, so none fails alone */
    uint64_t *numbers;
    bool broken;       /* a message failed: there will be no other */
    bool over;         /* all know of a failure: nothing is left to be said */
    bool others_speak; /* what ended this process is said by process 0 */
};

/* Over a transport that is there already. On failure there is nothing to close. */
assay_status assay_comm_open_over(assay_comm **out, const assay_transport *transport, assay_error *err);

#endif
