/* Items in a row (pairs, choices, answers) that the processes of a run score together: each takes a part of every
 * round, and behind it all have all numbers, as if one had computed them.
 *
 *     const assay_shared_work work = {.comm = context->comm, .count = n, .size = tokens_of, .score = score_some,
 *                                     .place = first_number_of, .blocks = {{numbers, 1}}, .context = mine};
 *     ASSAY_TRY(assay_comm_agree(context->comm, prepare(mine), NULL, err)); // all are where this is
 *     ASSAY_TRY(assay_shared_work_run(&work, err));
 *
 * One process alone (comm NULL) scores all at once. Rounds of several are as long as is good for a watch that waits
 * for what is lost (comm/comm.h): some tens of seconds. The parts of a round are cut by the items' sizes, so they are
 * about as much work. Neither rounds nor parts change a number.
 */
#ifndef ASSAY_TASK_SHARED_WORK_H
#define ASSAY_TASK_SHARED_WORK_H

#include "comm/comm.h"

enum { ASSAY_SHARED_BLOCKS = 2 };

typedef struct assay_shared_work {
    assay_comm *comm; /* NULL: this process is alone */
    size_t count;
    size_t (*size)(const void *context, size_t item); /* its work, at least 1 */
    /* Computes the numbers of items first to first + count - 1 into the blocks. */
    assay_status (*score)(void *context, size_t first, size_t count, assay_error *err);
    /* Where the item's numbers begin in the blocks, in units of their widths; of `count`, where the last one's end. */
    size_t (*place)(const void *context, size_t item);
    struct {
        double *numbers; /* NULL: there is no such block */
        size_t width;
    } blocks[ASSAY_SHARED_BLOCKS];
    void *context;
} assay_shared_work;

/* All return alike: where one fails, all do (assay_comm_agree). */
assay_status assay_shared_work_run(const assay_shared_work *work, assay_error *err);

/* Borders of parts in a row of items: part p has borders[p] to borders[p + 1] - 1 of items first to end - 1, and about
 * as much of their sizes as the others. */
void assay_work_cut(size_t *borders, size_t parts, size_t first, size_t end,
                    size_t (*size)(const void *context, size_t item), const void *context);

/* How many items a process should have in the next round, from how many it had (0: there was none) and the seconds
 * that took. */
size_t assay_work_round(size_t last, double seconds);

#endif
