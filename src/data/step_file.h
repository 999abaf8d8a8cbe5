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
 *                     are wrong, as TRL takes them; null, no label; a person's own step is right (openai/prm800k,
 *                     README.md)
 *     processbench    problem + steps (texts) + label: the place of the first wrong step, from 0, or -1. What stands
 *                     behind it nobody judged (QwenLM/ProcessBench)
 *     stepwise        prompt + completions (texts) + labels (as many: true, false, a probability), and no pair beside
 *                     them (TRL)
 *     math-shepherd   input + label, task beside them or not: the same text twice, a mark behind each step, which
 *                     label has replaced by + or -; the steps begin with "Step 1:". What stands behind the last mark
 *                     is a step that nobody judged (peiyi9979/Math-Shepherd)
 */
#ifndef ASSAY_DATA_STEP_FILE_H
#define ASSAY_DATA_STEP_FILE_H

#include "data/finding.h"
#include "data/pair_set.h"

typedef struct assay_step_answer {
    assay_turns prompt, steps; /* steps: a message each, which says so */
    const double *labels;      /* [steps.count]: the probability that the step is right; NaN: nobody said */
    const char *subset;        /* NULL: none */
    const char *id;            /* as JSON text; NULL: none */
    size_t neutral;            /* of its steps, those that PRM800K rates 0, which count as wrong */
    size_t others;             /* PRM800K's completions that did not become steps */
    uint32_t format;           /* index for assay_step_format_name */
    assay_place place;
} assay_step_answer;

typedef struct assay_step_set {
    assay_text_arena arena;
    char **files;
    size_t file_count, file_capacity;
    assay_step_answer *items;
    size_t count, capacity;
    char *bad[ASSAY_BAD_LISTED]; /* "file:line: reason" of the first lines left out */
    size_t bad_count;            /* of all */
    assay_finding empty;         /* of them, those that have a step without a text */
} assay_step_set;

assay_status assay_step_file_is(const char *path, bool *is_one, assay_error *err);

/* A bad line stops with "file:line: reason", or, where bad is not NULL, is left out and counted in *bad. */
assay_status assay_step_set_read(assay_step_set *set, const char *path, size_t *bad, assay_error *err);
void assay_step_set_release(assay_step_set *set); /* safe on a zeroed set */

/* "file:line" of an answer; NULL when out of memory; freed with assay_free. */
char *assay_step_set_place(const assay_step_set *set, const assay_step_answer *answer);

/* How many of an answer's steps stand up to the last one that has a label. */
size_t assay_step_answer_judged(const assay_step_answer *answer);

/* Writes TRL's lines, {"prompt","completions":[...],"labels":[...],"subset"?,"id"?}, whole or not at all. Labels are
 * true and false, or, where any label of the set is a probability, numbers: tables want one type. What TRL's trainer
 * has no use for is not there: steps behind the last label of an answer, answers without a label. A step without a
 * label before one that has one keeps its null. */
assay_status assay_step_set_write(const assay_step_set *set, const char *path, assay_error *err);

/* One such line, its end included, in place of what `text` held; `numbers`: labels as such. Nothing where no step of
 * the answer has a label. */
assay_status assay_step_line(const assay_step_answer *answer, bool numbers, assay_buf *text, assay_error *err);

/* Is any label neither 0 nor 1? */
bool assay_step_set_has_shares(const assay_step_set *set);

#endif
