/* Runs a function in several processes that are connected by tests/mesh_transport.h, and sees how each ended. */
#ifndef MESH_FORK_H
#define MESH_FORK_H

#include "comm/comm_private.h"
#include "mesh_transport.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static const assay_transport mesh_transport = MESH_TRANSPORT;

/* What a process does; its return value is its exit code, 0 for good. */
typedef int (*mesh_work)(assay_comm *comm, void *context);

static inline void mesh_enter(int rank, int size, int fds[MESH_MOST][MESH_MOST])
{
    char text[256] = "", number[16];
    for (int r = 0; r < size; r++) {
        snprintf(number, sizeof number, "%s%d", r ? "," : "", r == rank ? -1 : fds[rank][r]);
        strcat(text, number);
        for (int other = 0; other < size; other++)
            if (r != rank && other != r) close(fds[r][other]);
    }
    snprintf(number, sizeof number, "%d", rank);
    setenv("MESH_FDS", text, 1);
    setenv("MESH_RANK", number, 1);
}

/* codes: `size` exit codes. 1: an errand of the bench failed; 99: a signal. */
static inline void mesh_run(int size, mesh_work work, void *context, int *codes)
{
    int fds[MESH_MOST][MESH_MOST];
    pid_t children[MESH_MOST];
    for (int a = 0; a < size; a++)
        for (int b = a + 1; b < size; b++) {
            int pair[2];
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) abort();
            fds[a][b] = pair[0];
            fds[b][a] = pair[1];
        }
    fflush(NULL);
    for (int r = 0; r < size; r++) {
        children[r] = fork();
        if (children[r]) continue;
        assay_comm *comm;
        assay_error err;
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the parent's tests */
        mesh_enter(r, size, fds);
        if (assay_comm_open_over(&comm, &mesh_transport, &err) != ASSAY_OK) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
        int code = work(comm, context);
        assay_comm_close(comm, code);
        fflush(NULL);
        _exit(code);
    }
    for (int a = 0; a < size; a++)
        for (int b = 0; b < size; b++)
            if (a != b) close(fds[a][b]);
    for (int r = 0; r < size; r++) {
        int status;
        waitpid(children[r], &status, 0);
        codes[r] = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
    }
}

#endif
