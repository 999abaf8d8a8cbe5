/* Lines in, their scores out, in the order of the lines: micro-batches are filled over the borders of lines, and a line
 * with more answers than fit is computed in several goes.
 *
 *     assay_score_lines *lines;
 *     assay_score_taker taker = {.take = print_scores, .context = context};
 *     ASSAY_TRY(assay_score_lines_open(&lines, &batch, &taker, err));
 *     ASSAY_TRY(assay_score_lines_add(lines, answers, NULL, count, owner, err)); // answers are not needed afterwards
 *     ...
 *     ASSAY_TRY(assay_score_lines_finish(lines, err));
 *     assay_score_lines_close(lines);
 *
 * Memory is bounded by one micro-batch, 256 lines that wait and one that comes.
 */
#ifndef ASSAY_SCORE_SCORE_LINES_H
#define ASSAY_SCORE_SCORE_LINES_H

#include "score/score_batch.h"

typedef struct assay_score_taker {
    /* A line that is done: lot->scores (and traces), lot->owner as it was given to add, lot->number from 0 on.
     * lot->status is not ASSAY_OK where an answer has no score, whose sentence is in err: what is returned ends the
     * scoring. */
    assay_status (*take)(void *context, assay_lot *lot, assay_error *err);
    void (*drop)(void *owner); /* NULL, or called once for each owner: after take, or for a line that is given up */
    void *context;
    bool traces; /* every line gets them */
    bool labels; /* every line gets them, where the head has several and reads no steps */
} assay_score_taker;

typedef struct assay_score_lines assay_score_lines;

assay_status assay_score_lines_open(assay_score_lines **out, assay_score_batch *batch, const assay_score_taker *taker,
                                    assay_error *err);
void assay_score_lines_close(assay_score_lines *lines); /* NULL is fine; drops lines that wait */

/* The line's answers, at least one; ends: where the steps of each end, for a head of steps, else NULL. The owner is the
 * lines' from here on, whatever comes back; NULL is fine. ASSAY_E_NO_FIT: an answer is larger than a micro-batch. */
assay_status assay_score_lines_add(assay_score_lines *lines, const assay_ids *answers, const assay_ids *ends,
                                   size_t count, void *owner, assay_error *err);
/* Computes and hands out what waits; lines may be added again. */
assay_status assay_score_lines_finish(assay_score_lines *lines, assay_error *err);

#endif
