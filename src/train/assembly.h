/* All trained weights and their moments in one place, where the model is cut into stages: what is written of a run.
 *
 *     assay_assembly all;
 *     ASSAY_TRY(assay_assembly_make(&all, trainer, folder, true, err)); // every process of the run
 *     ...                                                               // the first writes
 *     assay_assembly_release(&all);                                     // behind it, or behind a failure
 *
 * The first process has then all items, and its model's views of the others' trained weights have data. What came from
 * others lies in a file without a name in `folder`, as large as it, so that it takes no memory that the system could
 * not take back. In the other processes, and of a model that is not cut, the assembly is what the trainer itself has.
 */
#ifndef ASSAY_TRAIN_ASSEMBLY_H
#define ASSAY_TRAIN_ASSEMBLY_H

#include "train/trainer.h"

typedef struct assay_assembly {
    assay_trainer *trainer;
    assay_optimizer_item *items; /* in the order of the whole program's parameters */
    int *params;                 /* of which each is the moments' owner's weight */
    int *owners;                 /* the stage that has it */
    size_t count;
    bool moments;
    char *memory; /* what came */
    size_t bytes;
} assay_assembly;

/* What there is, with data where this process has it. On failure there is nothing to release. */
assay_status assay_assembly_describe(assay_assembly *all, assay_trainer *trainer, assay_error *err);

/* moments: theirs too, for a checkpoint. */
assay_status assay_assembly_make(assay_assembly *all, assay_trainer *trainer, const char *folder, bool moments,
                                 assay_error *err);
void assay_assembly_release(assay_assembly *all); /* safe on a zeroed one */

#endif
