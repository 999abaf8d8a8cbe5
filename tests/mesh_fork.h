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

/* Everybody is called over a pair of sockets: it reads from the first, the others write to the second. */
static inline void mesh_enter_calls(int rank, int size, int calls[MESH_MOST][2])
{
    char text[256] = "", number[16];
    for (int r = 0; r < size; r++) {
        snprintf(number, sizeof number, "%s%d", r ? "," : "", calls[r][r == rank ? 0 : 1]);
        strcat(text, number);
        close(calls[r][r == rank ? 1 : 0]);
    }
    setenv("MESH_CALLS", text, 1);
}

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

/* codes: `size` exit codes; that of a status where there was no way to begin; 99: a signal. */
static inline void mesh_run(int size, mesh_work work, void *context, int *codes)
{
    int fds[MESH_MOST][MESH_MOST], calls[MESH_MOST][2];
    pid_t children[MESH_MOST];
    for (int a = 0; a < size; a++)
        for (int b = a + 1; b < size; b++) {
            int pair[2];
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) abort();
            fds[a][b] = pair[0];
            fds[b][a] = pair[1];
        }
    for (int r = 0; r < size; r++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, calls[r]) != 0) abort();
    fflush(NULL);
    for (int r = 0; r < size; r++) {
        children[r] = fork();
        if (children[r]) continue;
        assay_comm *comm;
        assay_error err;
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the parent's tests */
        mesh_enter(r, size, fds);
        mesh_enter_calls(r, size, calls);
        assay_status status = assay_comm_open_over(&comm, &mesh_transport, &err);
        if (status != ASSAY_OK) _exit(assay_status_exit_code(status));
        int code = work(comm, context);
        assay_comm_close(comm, code, NULL);
        fflush(NULL);
        _exit(code);
    }
    for (int a = 0; a < size; a++)
        for (int b = 0; b < size; b++)
            if (a != b) close(fds[a][b]);
    for (int r = 0; r < size; r++) {
        close(calls[r][0]);
        close(calls[r][1]);
    }
    for (int r = 0; r < size; r++) {
        int status;
        waitpid(children[r], &status, 0);
        codes[r] = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
    }
}

#endif
