/* The processes of one run: who they are, and messages between them.
 *
 *     assay_comm *comm;
 *     ASSAY_TRY(assay_comm_open(&comm, err)); // NULL: this process is alone
 *     ASSAY_TRY(assay_comm_broadcast(comm, &number, sizeof number, err)); // process 0's is everybody's
 *     ASSAY_TRY(assay_comm_agree(comm, status, &flags, err)); // what went wrong anywhere is known everywhere
 *     ASSAY_TRY(assay_comm_close(comm, exit_code, err));
 *
 * A comm of NULL is one process alone: rank 0 of 1, and every call does nothing, successfully. Calls of several
 * processes that belong together must come in the same order everywhere, so what may fail in one process alone goes
 * through assay_comm_agree before the next of them.
 *
 * Who fails calls the others, so that they need not compute to the end of what they are at: assay_comm_go_on.
 *
 * A message carries its length and XXH3-64. What arrives otherwise, or not within ASSAY_RANK_TIMEOUT seconds (from the
 * environment; half an hour), is ASSAY_E_IO and names the process and its host; no message is sent behind it. Sums are
 * added here, in an order of ours; no MPI adds anything. */
#ifndef ASSAY_COMM_COMM_H
#define ASSAY_COMM_COMM_H

#include "base/status.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct assay_comm assay_comm;

enum { ASSAY_HOST_NAME = 64 };

/* *out NULL: no launcher started this process. ASSAY_E_USAGE: one did, and there is no MPI to speak, or it does not
 * confirm what the launcher says, or ASSAY_RANK_TIMEOUT is no number. Behind a failure *out may be there, and then
 * knows who is to tell of it (assay_comm_speaks), and is to be closed. */
assay_status assay_comm_open(assay_comm **out, assay_error *err);

/* Whether a launcher says that it started this process, and perhaps others: *launched false where it says that this is
 * all. ASSAY_E_USAGE as above, of what is no MPI. Nothing is opened. */
assay_status assay_comm_is_launched(bool *launched, assay_error *err);

/* Waits for the others and frees; where a message failed, ends all processes now, this one included. The last thing of
 * all: a launcher may kill the others as soon as one process ends with an exit code. NULL is fine. ASSAY_E_IO: the MPI
 * itself did not end well; what was done is done. */
assay_status assay_comm_close(assay_comm *comm, int exit_code, assay_error *err);

int assay_comm_rank(const assay_comm *comm);
int assay_comm_size(const assay_comm *comm);
const char *assay_comm_name(const assay_comm *comm);           /* of the transport: "Open MPI v4.1.4" */
const char *assay_comm_host(const assay_comm *comm, int rank); /* its host's name */
/* Processes on this one's host, itself included, and hosts. */
int assay_comm_neighbours(const assay_comm *comm);
int assay_comm_hosts(const assay_comm *comm);

/* peer: another rank. data is only read by the first. */
assay_status assay_comm_send(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err);
assay_status assay_comm_receive(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err);

/* The same in two halves: in between the data stay as they are, and this process computes, or receives. A send that is
 * under way ends before the next one begins. */
assay_status assay_comm_send_begin(assay_comm *comm, int peer, void *data, size_t bytes, assay_error *err);
assay_status assay_comm_send_end(assay_comm *comm, assay_error *err);

/* A message whose sender says how long it is: at most `most` bytes. */
assay_status assay_comm_receive_most(assay_comm *comm, int peer, void *data, size_t most, size_t *bytes,
                                     assay_error *err);

/* Of process 0, to all. */
assay_status assay_comm_broadcast(assay_comm *comm, void *data, size_t bytes, assay_error *err);

/* all: a block of `bytes` for each rank; this one's is filled in, afterwards everybody's is. */
assay_status assay_comm_gather(assay_comm *comm, void *all, size_t bytes, assay_error *err);

/* The same with parts of different sizes: rank r's is bytes borders[r] to borders[r + 1] of the block. */
assay_status assay_comm_share(assay_comm *comm, void *block, const size_t *borders, assay_error *err);

/* Joins the sums of all ranks by the binary tree over their numbers, whose count is a power of two, and leaves the
 * result in everybody's `sum`. there[r]: rank r has one (otherwise its `sum` holds nothing); at least one has. spare:
 * as large. */
assay_status assay_comm_sum(assay_comm *comm, float *sum, float *spare, size_t values, const bool *there,
                            assay_error *err);

/* Whether all are well: status is this process's own. ASSAY_OK everywhere; or, where it failed anywhere, this process's
 * own failure, else that of the first that failed, named. A stop by a signal (ASSAY_E_STOPPED) counts where nothing
 * else went wrong. flags (may be NULL): the bits that any process has set. Behind a failure, but for a stop, all know
 * how the run ends: every later call returns its own status at once. */
assay_status assay_comm_agree(assay_comm *comm, assay_status status, unsigned *flags, assay_error *err);

/* Between two micro-batches, or whatever else takes long: ASSAY_E_STOPPED where *stop is not 0 (NULL: never), or where
 * another process has failed or been told to stop and waits in the next assay_comm_agree: this one's failure there is
 * then a stop too. It sends nothing, and costs some hundred nanoseconds. */
assay_status assay_comm_go_on(assay_comm *comm, const volatile sig_atomic_t *stop, assay_error *err);

/* Whether everybody has the same number: ASSAY_E_UNEQUAL names `what` and those whose number is not the majority's;
 * all, where there is no majority. It is a failure of all, as of assay_comm_agree. */
assay_status assay_comm_compare(assay_comm *comm, uint64_t number, const char *what, assay_error *err);

/* The same among those whose ranks differ by multiples of `kinds`, a divisor of the size. */
assay_status assay_comm_compare_kinds(assay_comm *comm, uint64_t number, int kinds, const char *what, assay_error *err);

/* Some of the processes, this one among them: ranks first, first + step, ... of `whole`, by numbers of their own from
 * 0. For messages, broadcast, gather, share and sum; `whole` outlives it. Ranks in sentences stay the whole's. *out
 * NULL: it would be this process alone. The caller frees it. */
assay_status assay_comm_part(assay_comm **out, assay_comm *whole, int first, int step, int count, assay_error *err);
void assay_comm_part_free(assay_comm *part); /* NULL is fine */

/* Whether this process is the one to tell a person how a run ended: process 0 says what all know, and a process whose
 * own failure is not process 0's says it, behind "[rank 3 of 8, host] ". Valid behind the last call that failed. */
bool assay_comm_speaks(const assay_comm *comm);

#endif
