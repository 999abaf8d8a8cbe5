/* Answers in steps, each step with a label, and files of them.
 *
 *     assay_step_set set = {0};
 *     ASSAY_TRY(assay_step_file_is(path, &is_one, err));              // by its first record
 *     if (is_one) ASSAY_TRY(assay_step_set_read(&set, path, NULL, err)); // as often as there are files
 *     ...
 *     assay_step_set_release(&set); // after a failure too
 *
 * A record is told by its fields; the first that fits:
 *
 *     prm800k         question {"problem"} + label {"steps"}: the chosen completions, or a person's, in order; a step
 *                     of which none was chosen ends the answer with its first completion. Rating 1 is right, 0 and -1
 *                     are wrong, as TRL takes them; no rating, no label (openai/prm800k, README.md)
 *     processbench    problem + steps (texts) + label: the place of the first wrong step, from 0, or -1. What stands
 *                     behind it nobody judged (QwenLM/ProcessBench)
 *     stepwise        prompt + completions (texts) + labels (as many: true, false, a probability) (TRL)
 *     math-shepherd   input + label + task: the same text twice, a mark behind each step, which label has replaced by
 *                     + or -; the steps begin with "Step 1:" (peiyi9979/Math-Shepherd)
 */
#ifndef ASSAY_DATA_STEP_FILE_H
#define ASSAY_DATA_STEP_FILE_H

#include "data/pair_set.h"

typedef struct assay_step_answer {
    assay_turns prompt, steps; /* steps: a message each, which says so */
    const double *labels;      /* [steps.count]: the probability that the step is right; NaN: nobody said */
    const char *subset;        /* NULL: none */
    assay_place place;
} assay_step_answer;

typedef struct assay_step_set {
    assay_text_arena arena;
    char **files;
    size_t file_count, file_capacity;
    assay_step_answer *items;
    size_t count, capacity;
} assay_step_set;

assay_status assay_step_file_is(const char *path, bool *is_one, assay_error *err);

/* A bad line stops with "file:line: reason", or, where bad is not NULL, is left out and counted in *bad. */
assay_status assay_step_set_read(assay_step_set *set, const char *path, size_t *bad, assay_error *err);
void assay_step_set_release(assay_step_set *set); /* safe on a zeroed set */

#endif
