/* Messages over MPI (MPI-3.1, C). Built with an MPI's own mpicc into a plug-in that the program opens when a launcher
 * of that MPI started it: binaries of different MPIs do not go together, so the program itself links none. Only sends
 * and receives are used; no sum is left to MPI, which promises no order for one. */
#define _POSIX_C_SOURCE 200809L /* mpicc -std=c17 hides nanosleep */

#include "comm/transport.h"

#include <mpi.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE, CALL }; /* tags */

typedef struct mpi_state {
    MPI_Request requests[2];
    char text[MPI_MAX_ERROR_STRING + MPI_MAX_LIBRARY_VERSION_STRING];
} mpi_state;

static const char *explain(mpi_state *state, int code)
{
    int length;
    if (code == MPI_SUCCESS) return NULL;
    if (MPI_Error_string(code, state->text, &length) != MPI_SUCCESS) strcpy(state->text, "an error without a text");
    return state->text;
}

static void give_up(int signal_number)
{
    static const char text[] = "assay: MPI_Init_thread does not return: another process of the run is not there\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    raise(signal_number); /* with the handler gone, the end of the process: nothing else ends that call */
}

/* It waits for all processes, and forever for one that could not begin: some launchers do not mind its end. */
static int begin_within(unsigned patience, int *provided)
{
    struct sigaction before, now = {.sa_handler = give_up, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&now.sa_mask);
    sigaction(SIGALRM, &now, &before);
    alarm(patience);
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, provided);
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return code;
}

static const char *mpi_open(void *context, unsigned patience, int *rank, int *size)
{
    mpi_state *state = context;
    int provided, code = begin_within(patience, &provided);
    if (code != MPI_SUCCESS) return "MPI_Init_thread failed"; /* no MPI call may say more: Open MPI ends who asks */
    code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS) code = MPI_Comm_rank(MPI_COMM_WORLD, rank);
    if (code == MPI_SUCCESS) code = MPI_Comm_size(MPI_COMM_WORLD, size);
    if (code == MPI_SUCCESS && provided < MPI_THREAD_FUNNELED) return "it cannot be used beside threads";
    return explain(state, code);
}

/* Its first words: the rest names who built it. */
static const char *mpi_name(void *context)
{
    mpi_state *state = context;
    int length;
    if (MPI_Get_library_version(state->text, &length) != MPI_SUCCESS) return "MPI";
    state->text[strcspn(state->text, ",\n")] = 0;
    for (char *c = state->text; *c; c++)
        if (*c == '\t') *c = ' ';
    return state->text;
}

static const char *mpi_begin(void *context, assay_transfer transfer, int peer, void *data, size_t bytes)
{
    mpi_state *state = context;
    MPI_Request *request = &state->requests[transfer];
    int count = (int)bytes;
    return explain(state, transfer == ASSAY_SENDING
                              ? MPI_Isend(data, count, MPI_BYTE, peer, MESSAGE, MPI_COMM_WORLD, request)
                              : MPI_Irecv(data, count, MPI_BYTE, peer, MESSAGE, MPI_COMM_WORLD, request));
}

static const char *mpi_poll(void *context, assay_transfer transfer, bool *done)
{
    mpi_state *state = context;
    int flag = 0, code = MPI_Test(&state->requests[transfer], &flag, MPI_STATUS_IGNORE);
    *done = flag != 0;
    return explain(state, code);
}

/* Nobody asks when it has arrived: the next exchange, which takes every call, does not end before. */
static const char *mpi_call(void *context, int peer)
{
    MPI_Request request;
    int code = MPI_Isend(NULL, 0, MPI_BYTE, peer, CALL, MPI_COMM_WORLD, &request);
    if (code == MPI_SUCCESS) code = MPI_Request_free(&request);
    return explain(context, code);
}

static const char *mpi_called(void *context, bool *any)
{
    MPI_Status found;
    int flag = 0, code = MPI_Iprobe(MPI_ANY_SOURCE, CALL, MPI_COMM_WORLD, &flag, &found);
    if (code == MPI_SUCCESS && flag)
        code = MPI_Recv(NULL, 0, MPI_BYTE, found.MPI_SOURCE, CALL, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    *any = flag != 0;
    return explain(context, code);
}

/* Where the MPI cannot do it (it has not begun, so others wait in its beginning), its launcher does for a process that
 * a signal ended: MPICH's does not for one that ended with an exit code. A launcher that ends a job throws away what it
 * has read of stderr and not passed on, hence the nap: somebody has just said what went wrong. */
static void mpi_abort(void *context, int exit_code)
{
    int begun = 0;
    (void)context;
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    if (MPI_Initialized(&begun) == MPI_SUCCESS && begun) MPI_Abort(MPI_COMM_WORLD, exit_code);
    raise(SIGKILL);
}

static const char *mpi_close(void *context) { return explain(context, MPI_Finalize()); }

extern const assay_transport assay_transport_of_plugin;
__attribute__((visibility("default"))) const assay_transport assay_transport_of_plugin = {
    .version = ASSAY_TRANSPORT_VERSION,
    .state_bytes = sizeof(mpi_state),
    .open = mpi_open,
    .name = mpi_name,
    .begin = mpi_begin,
    .poll = mpi_poll,
    .call = mpi_call,
    .called = mpi_called,
    .end_all = mpi_abort,
    .close = mpi_close,
};
