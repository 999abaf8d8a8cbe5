/* What is in answers in labelled steps: counts, faults, and what TRL's form of them leaves out.
 *
 *     assay_step_audit audit;
 *     ASSAY_TRY(assay_step_audit_make(&audit, set, eval_set_or_null, err));
 *     ASSAY_TRY(assay_step_audit_json(&audit, &object, err)); // or as text:
 *     ASSAY_TRY(assay_step_audit_text(&audit, &buf, err));
 *     assay_step_audit_release(&audit);
 *
 * A label above 1/2 calls a step right, one below calls it wrong. An answer is wrong that has a wrong step; the first
 * of them is its first error. Lengths are characters (code points).
 */
#ifndef ASSAY_DATA_STEP_AUDIT_H
#define ASSAY_DATA_STEP_AUDIT_H

#include "data/audit.h"
#include "data/step_file.h"
#include "data/step_formats.h"

typedef struct assay_step_audit {
    size_t files, records, answers; /* records = answers + bad lines */
    size_t by_format[ASSAY_STEP_FORMATS];
    size_t prompts; /* different ones */
    size_t steps, fewest, most;
    size_t right, wrong, between, unlabelled; /* steps of label 1, of label 0, between them, without one */
    size_t answers_right, answers_wrong;      /* with a label; the rest of the answers has none */
    size_t *first_errors;                     /* [most]: wrong answers by the place of their first error, from 0 */
    size_t bad_lines;
    char *bad[ASSAY_FINDING_PLACES]; /* the first sentences */
    assay_finding empty_steps;       /* of the bad lines, those with a step that has no text */
    assay_finding empty_prompts, duplicates;
    assay_finding contradictions; /* the same steps to the same prompt, a step right here and wrong there */
    bool has_eval;
    size_t eval_answers;
    assay_finding in_both;                         /* evaluation answers whose prompt is in the training answers */
    size_t neutral;                                /* steps that PRM800K rates 0 */
    size_t others;                                 /* PRM800K's completions that did not become steps */
    size_t behind;                                 /* steps behind the last label of their answer */
    size_t answers_unlabelled;                     /* answers without a label */
    size_t gaps;                                   /* steps without a label before one that has one */
    assay_length_stats prompt_length, step_length; /* characters */
} assay_step_audit;

/* eval: NULL where there is none. The audit needs neither set afterwards. */
assay_status assay_step_audit_make(assay_step_audit *audit, const assay_step_set *set, const assay_step_set *eval,
                                   assay_error *err);
void assay_step_audit_release(assay_step_audit *audit); /* safe on a zeroed one */

/* A new object of the caller's. */
assay_status assay_step_audit_json(const assay_step_audit *audit, json_t **object, assay_error *err);
/* Appends a plain text table. */
assay_status assay_step_audit_text(const assay_step_audit *audit, assay_buf *out, assay_error *err);

#endif
