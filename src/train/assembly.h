/* All trained weights and their moments in one place, where the model is cut into stages or moments are in slices: what
 * is written of a run.
 *
 *     assay_assembly all;
 *     ASSAY_TRY(assay_assembly_make(&all, trainer, folder, true, err)); // every process of the run
 *     ...                                                               // the first writes
 *     assay_assembly_release(&all);                                     // behind it, or behind a failure
 *
 * The first process has then all items, and its model's views of the others' trained weights have data. What came from
 * others lies in a file without a name in `folder`, as large as it, so that it takes no memory that the system could
 * not take back. In the other processes, and where nothing is cut, the assembly is what the trainer itself has.
 */
#ifndef ASSAY_TRAIN_ASSEMBLY_H
#define ASSAY_TRAIN_ASSEMBLY_H

#include "train/state_parts.h"
#include "train/trainer.h"

typedef struct assay_assembly {
    assay_trainer *trainer;
    /* Whole weights, in the order of the whole program's parameters. Their moments are NULL where this process has not
     * all of them, or not yet. */
    assay_optimizer_item *items;
    const assay_optimizer_item **own; /* what the trainer has of each; NULL: it is another stage's */
    int *params;                      /* of which each is the moments' owner's weight */
    int *owners;                      /* the stage that has it */
    size_t *firsts;                   /* the number of its first value among those of its stage */
    size_t count;
    assay_moment_slices *slices; /* of each stage's moments: one, or one a group */
    bool moments;
    char *memory; /* what came */
    size_t bytes;
} assay_assembly;

/* A part of an item that one process has, or a piece of it. */
typedef struct assay_assembly_piece {
    size_t item;
    int part;         /* of assay_state_parts */
    int rank;         /* who has it */
    size_t at, bytes; /* of the item's whole part */
    char *own;        /* where this process has it; NULL: it has not, or as a weight in planes */
} assay_assembly_piece;

/* Calls visit for all pieces of all items, in an order that is the same everywhere; without moments of the weights
 * alone. */
assay_status assay_assembly_walk(const assay_assembly *all, bool moments,
                                 assay_status (*visit)(void *context, const assay_assembly_piece *piece,
                                                       assay_error *err),
                                 void *context, assay_error *err);

/* Whether another process has something of what is written. */
bool assay_assembly_is_cut(const assay_trainer *trainer);

/* What there is, with data where this process has it. On failure there is nothing to release. */
assay_status assay_assembly_describe(assay_assembly *all, assay_trainer *trainer, assay_error *err);

/* moments: theirs too, for a checkpoint. ASSAY_E_UNEQUAL: a process's own are not what they were
 * (train/state_check.h). */
assay_status assay_assembly_make(assay_assembly *all, assay_trainer *trainer, const char *folder, bool moments,
                                 assay_error *err);
void assay_assembly_release(assay_assembly *all); /* safe on a zeroed one */

#endif
