/* Accuracy by subset, and RewardBench's sections where its subsets are met.
 *
 *     assay_subsets subsets;
 *     ASSAY_TRY(assay_subsets_make(&subsets, judged, count, err));
 *     ...
 *     assay_subsets_release(&subsets);
 *
 * RewardBench (Lambert et al., arXiv:2403.13787; rewardbench/constants.py): 23 subsets in four sections. A section's
 * score is the mean of its subsets' accuracies, weighted by the benchmark's own number of prompts (math-prm counts as
 * 984, so that it weighs as much as the code subsets together); the overall score is the mean of the sections. A tie
 * counts half here; there it counts as lost.
 */
#ifndef ASSAY_JUDGE_JUDGE_SUBSETS_H
#define ASSAY_JUDGE_JUDGE_SUBSETS_H

#include "base/json_doc.h"
#include "judge/judged.h"

enum { ASSAY_SECTIONS = 4 };

typedef struct assay_subset {
    const char *name; /* borrowed from a judged pair */
    assay_tally tally;
} assay_subset;

typedef struct assay_subsets {
    assay_subset *items; /* in the order they are met; pairs without subset are in none */
    size_t count, capacity;
    double sections[ASSAY_SECTIONS]; /* NaN: none of its subsets is there */
    double score;                    /* mean of the sections that are there; NaN: none */
    size_t known;                    /* subsets of the benchmark that are there; 23 is all */
} assay_subsets;

const char *assay_section_name(size_t section); /* "Chat", "Chat Hard", "Safety", "Reasoning" */
assay_status assay_subsets_make(assay_subsets *subsets, const assay_judged *judged, size_t count, assay_error *err);
void assay_subsets_release(assay_subsets *subsets); /* safe on a zeroed one */

#endif
