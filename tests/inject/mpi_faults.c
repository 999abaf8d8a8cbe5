/* Calls of MPI that fail on purpose: compiled together with src/comm/mpi/mpi_transport.c into a plug-in, whose calls
 * then come here first. ASSAY_MPI_FAULT=NAME,N,RANK,WHAT: in process RANK the N-th call of MPI_NAME ("Any":
 * of them all) fails where WHAT is "fail"; where it is a number, the process gets that signal before the call. */
#include <mpi.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int own_rank(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (!rank) rank = getenv("PMI_RANK");
    return rank ? atoi(rank) : 0;
}

static bool fails(const char *name)
{
    static long calls;
    char wanted[32], what[16];
    long nth;
    int rank;
    const char *plan = getenv("ASSAY_MPI_FAULT");
    if (!plan || sscanf(plan, "%31[^,],%ld,%d,%15s", wanted, &nth, &rank, what) != 4 || rank != own_rank())
        return false;
    if (strcmp(wanted, "Any") != 0 && strcmp(wanted, name) != 0) return false;
    if (++calls != nth) return false;
    if (strcmp(what, "fail") == 0) return true;
    raise(atoi(what));
    return false;
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    return fails("Init_thread") ? MPI_ERR_OTHER : PMPI_Init_thread(argc, argv, required, provided);
}

int MPI_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler handler)
{
    return fails("Comm_set_errhandler") ? MPI_ERR_OTHER : PMPI_Comm_set_errhandler(comm, handler);
}

int MPI_Comm_rank(MPI_Comm comm, int *rank) { return fails("Comm_rank") ? MPI_ERR_OTHER : PMPI_Comm_rank(comm, rank); }

int MPI_Comm_size(MPI_Comm comm, int *size) { return fails("Comm_size") ? MPI_ERR_OTHER : PMPI_Comm_size(comm, size); }

int MPI_Get_library_version(char *text, int *length)
{
    return fails("Get_library_version") ? MPI_ERR_OTHER : PMPI_Get_library_version(text, length);
}

int MPI_Isend(const void *data, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm, MPI_Request *request)
{
    return fails("Isend") ? MPI_ERR_OTHER : PMPI_Isend(data, count, type, peer, tag, comm, request);
}

int MPI_Irecv(void *data, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm, MPI_Request *request)
{
    return fails("Irecv") ? MPI_ERR_OTHER : PMPI_Irecv(data, count, type, peer, tag, comm, request);
}

int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    return fails("Test") ? MPI_ERR_OTHER : PMPI_Test(request, flag, status);
}

int MPI_Request_free(MPI_Request *request)
{
    return fails("Request_free") ? MPI_ERR_OTHER : PMPI_Request_free(request);
}

int MPI_Iprobe(int peer, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    return fails("Iprobe") ? MPI_ERR_OTHER : PMPI_Iprobe(peer, tag, comm, flag, status);
}

int MPI_Recv(void *data, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm, MPI_Status *status)
{
    return fails("Recv") ? MPI_ERR_OTHER : PMPI_Recv(data, count, type, peer, tag, comm, status);
}

int MPI_Initialized(int *flag) { return fails("Initialized") ? MPI_ERR_OTHER : PMPI_Initialized(flag); }

int MPI_Abort(MPI_Comm comm, int code) { return fails("Abort") ? MPI_ERR_OTHER : PMPI_Abort(comm, code); }

int MPI_Finalize(void) { return fails("Finalize") ? MPI_ERR_OTHER : PMPI_Finalize(); }
