/* A transport for tests of several processes where there is no MPI: every two of them share a socket. It is told by the
 * environment: MESH_RANK, MESH_FDS (descriptors by rank, -1 for its own), MESH_CALLS (descriptors on which each is
 * called; its own to read from, the others' to write to); MESH_FLIP=N flips a bit in the Nth large message that comes,
 * MESH_RAISE=RANK,N,SIGNAL raises a signal in one process before its Nth large message, so that what they test does not
 * depend on speed. MESH_COUNT says on stderr at the end how many bytes were sent and received. Large: MESH_LARGE bytes,
 * or 256. tests/cli/mesh.py starts commands with it; the programs of tests/ fork. */
#ifndef MESH_TRANSPORT_H
#define MESH_TRANSPORT_H

#include "comm/transport.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESH_MOST = 16, MESH_LARGE = 256 };

typedef struct mesh_move {
    int fd;
    char *data;
    size_t bytes, at;
} mesh_move;

typedef struct mesh_state {
    int fds[MESH_MOST], calls[MESH_MOST];
    int rank;
    size_t large;                 /* bytes */
    long until_flip, until_raise; /* large messages; 0: never */
    int signal;
    mesh_move moves[2];
    unsigned long long moved[2]; /* bytes */
} mesh_state;

static inline long mesh_number(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

static inline void mesh_plan_signal(mesh_state *mesh, int own)
{
    const char *text = getenv("MESH_RAISE");
    long rank, count, number;
    if (!text || sscanf(text, "%ld,%ld,%ld", &rank, &count, &number) != 3 || rank != own) return;
    mesh->until_raise = count;
    mesh->signal = (int)number;
}

static inline int mesh_list(const char *variable, int *fds)
{
    const char *text = getenv(variable);
    char *end;
    int count = 0;
    for (; text && *text && count < MESH_MOST; text = *end ? end + 1 : end) fds[count++] = (int)strtol(text, &end, 10);
    return count;
}

static inline const char *mesh_open(void *context, unsigned patience, int *rank, int *size)
{
    (void)patience;
    mesh_state *mesh = context;
    *rank = mesh->rank = (int)mesh_number("MESH_RANK");
    mesh->until_flip = mesh_number("MESH_FLIP");
    mesh->large = getenv("MESH_LARGE") ? (size_t)mesh_number("MESH_LARGE") : MESH_LARGE;
    mesh_plan_signal(mesh, *rank);
    *size = mesh_list("MESH_FDS", mesh->fds);
    mesh_list("MESH_CALLS", mesh->calls);
    return *size ? NULL : "no MESH_FDS";
}

static inline const char *mesh_name(void *context)
{
    (void)context;
    return "sockets";
}

static inline const char *mesh_begin(void *context, assay_transfer transfer, int peer, void *data, size_t bytes)
{
    mesh_state *mesh = context;
    if (bytes >= mesh->large && mesh->until_raise && !--mesh->until_raise) raise(mesh->signal);
    mesh->moved[transfer] += bytes;
    mesh->moves[transfer] = (mesh_move){mesh->fds[peer], data, bytes, 0};
    return NULL;
}

static inline void mesh_flip(mesh_state *mesh, mesh_move *move)
{
    if (move->bytes < mesh->large || !mesh->until_flip || --mesh->until_flip) return;
    move->data[move->bytes / 2] ^= 4;
}

static inline const char *mesh_poll(void *context, assay_transfer transfer, bool *done)
{
    mesh_state *mesh = context;
    mesh_move *move = &mesh->moves[transfer];
    char *at = move->data + move->at;
    size_t left = move->bytes - move->at;
    ssize_t moved = transfer == ASSAY_SENDING ? send(move->fd, at, left, MSG_DONTWAIT | MSG_NOSIGNAL)
                                              : recv(move->fd, at, left, MSG_DONTWAIT);
    if (moved < 0 && errno != EAGAIN && errno != EINTR) return strerror(errno);
    if (moved == 0) return "it is gone";
    if (moved > 0) move->at += (size_t)moved;
    *done = move->at == move->bytes;
    if (*done && transfer == ASSAY_RECEIVING) mesh_flip(mesh, move);
    return NULL;
}

/* One that is gone is found by the next message. */
static inline const char *mesh_call(void *context, int peer)
{
    mesh_state *mesh = context;
    (void)!send(mesh->calls[peer], "c", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return NULL;
}

static inline const char *mesh_called(void *context, bool *any)
{
    mesh_state *mesh = context;
    char call;
    *any = recv(mesh->calls[mesh->rank], &call, 1, MSG_DONTWAIT) == 1;
    return NULL;
}

static inline void mesh_abort(void *context, int exit_code)
{
    (void)context;
    _exit(exit_code);
}

static inline const char *mesh_close(void *context)
{
    const mesh_state *mesh = context;
    if (getenv("MESH_COUNT"))
        fprintf(stderr, "rank %d sent %llu received %llu\n", mesh->rank, mesh->moved[ASSAY_SENDING],
                mesh->moved[ASSAY_RECEIVING]);
    return NULL;
}

#define MESH_TRANSPORT                                                                                               \
    {                                                                                                                \
        .version = ASSAY_TRANSPORT_VERSION, .state_bytes = sizeof(mesh_state), .open = mesh_open, .name = mesh_name, \
        .begin = mesh_begin, .poll = mesh_poll, .call = mesh_call, .called = mesh_called, .end_all = mesh_abort,     \
        .close = mesh_close                                                                                          \
    }

#endif
