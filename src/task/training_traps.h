/* What in the field turned out, too late, to have made a run worthless: said before the first step, or as soon as steps
 * show it.
 *
 *     assay_training_say_traps(training, log); // model and examples are open
 *     assay_trap_watch watch = {.head_zero = head_zero};
 *     assay_trap_watch_step(&watch, &record, log); // behind every step; speaks at most once of each
 *
 * Said here: pad equals eos, doubled BOS, texts that end in no end token, all scores equal, a loss that stays at ln 2.
 * Said elsewhere: a new head (task/training.c), a base that is not the adapter's (task/model_source.c), evaluation
 * prompts that are trained on (task/training.c). */
#ifndef ASSAY_TASK_TRAINING_TRAPS_H
#define ASSAY_TASK_TRAINING_TRAPS_H

#include "task/training.h"

void assay_training_say_traps(const assay_training *training, const assay_log *log);

typedef struct assay_trap_watch {
    bool head_zero; /* a head that starts at zero scores all alike at first, rightly */
    uint64_t flat;  /* steps in a row whose loss was ln 2 within 0.001 */
    bool said_equal, said_flat;
} assay_trap_watch;

void assay_trap_watch_step(assay_trap_watch *watch, const assay_step_record *record, const assay_log *log);

#endif
