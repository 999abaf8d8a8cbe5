/* What carries bytes between the processes of a run: what a plug-in (mpi/mpi_transport.c, one build for each MPI)
 * exports as `assay_transport_of_plugin`. It includes nothing of Assay but this file and links nothing of it.
 *
 * A process has at most one send and one receive under way. Messages between two processes arrive in the order in which
 * they were sent; a call, which has no content, may overtake them. All functions are called from one thread; those that
 * return a text return NULL on success and otherwise a sentence that stays valid until the next call. */
#ifndef ASSAY_COMM_TRANSPORT_H
#define ASSAY_COMM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

enum { ASSAY_TRANSPORT_VERSION = 2 };

typedef enum assay_transfer { ASSAY_SENDING, ASSAY_RECEIVING } assay_transfer;

typedef struct assay_transport {
    int version;
    size_t state_bytes; /* of the zeroed block that every function is given */
    /* patience: seconds within which all processes must be there */
    const char *(*open)(void *state, unsigned patience, int *rank, int *size);
    const char *(*name)(void *state); /* "Open MPI v4.1.4"; behind open */
    /* data: `bytes` (at most INT_MAX) that stay where they are until poll says done. */
    const char *(*begin)(void *state, assay_transfer transfer, int peer, void *data, size_t bytes);
    const char *(*poll)(void *state, assay_transfer transfer, bool *done);
    const char *(*call)(void *state, int peer);    /* does not wait for the peer to take it */
    const char *(*called)(void *state, bool *any); /* takes one call, from anybody, where one has come */
    /* Ends all processes; does not return where the launcher can do it. Also behind an open that failed. */
    void (*end_all)(void *state, int exit_code);
    const char *(*close)(void *state); /* waits for the others */
} assay_transport;

#define ASSAY_TRANSPORT_SYMBOL "assay_transport_of_plugin"

#endif
