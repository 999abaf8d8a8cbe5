/* Lines in, their scores out, in the order of the lines, whatever number of processes computes them: the first reads
 * and hands lines out to all, itself included, and gets numbers back; it alone has a file, a terminal and an order to
 * keep.
 *
 *     assay_shared_lines *lines;
 *     ASSAY_TRY(assay_comm_agree(comm, prepare(), NULL, err)); // all have an engine
 *     assay_status status = assay_shared_lines_open(&lines, comm, &batch, &taker, interrupted, err);
 *     if (assay_comm_rank(comm) > 0) {
 *         status = assay_shared_lines_follow(lines, comm, status, err);
 *     } else {
 *         ... assay_shared_lines_add(lines, answers, NULL, count, index_of_line, owner, err);
 *         status = assay_shared_lines_finish(lines, comm, status, err);
 *     }
 *     assay_shared_lines_close(lines);
 *
 * One process alone: score/score_lines.h, line by line. Several work in rounds (task/shared_work.h); a round's lines
 * wait in the first one's memory, so that is bounded by a number of lines and of tokens.
 */
#ifndef ASSAY_TASK_SHARED_LINES_H
#define ASSAY_TASK_SHARED_LINES_H

#include "comm/comm.h"
#include "score/score_lines.h"

#include <signal.h>

typedef struct assay_shared_lines assay_shared_lines;

/* All processes give takers of the same traces and labels; the first one's is called. interrupted: not 0 stops. */
assay_status assay_shared_lines_open(assay_shared_lines **out, assay_comm *comm, assay_score_batch *batch,
                                     const assay_score_taker *taker, const volatile sig_atomic_t *interrupted,
                                     assay_error *err);
void assay_shared_lines_close(assay_shared_lines *lines); /* NULL is fine; drops lines that wait */

/* As assay_score_lines_add. index: the line's number for a sentence about it. */
assay_status assay_shared_lines_add(assay_shared_lines *lines, const assay_ids *answers, const assay_ids *ends,
                                    size_t count, uint64_t index, void *owner, assay_error *err);

/* Of the first process: computes and hands out what waits, and tells the others that there is nothing more. status: how
 * it has fared so far; where that is a failure, lines that wait stay. lines NULL with a failure is fine. */
assay_status assay_shared_lines_finish(assay_shared_lines *lines, assay_comm *comm, assay_status status,
                                       assay_error *err);

/* Of every other process: computes what it is given until there is nothing more. status: of open; a failure is told to
 * all. */
assay_status assay_shared_lines_follow(assay_shared_lines *lines, assay_comm *comm, assay_status status,
                                       assay_error *err);

#endif
