/* A pair that was scored: what all statistics of score/judge_*.h are made of. Whoever scored makes the list; strings
 * are borrowed. */
#ifndef ASSAY_JUDGE_JUDGED_H
#define ASSAY_JUDGE_JUDGED_H

#include <stddef.h>
#include <stdint.h>

typedef struct assay_judged {
    double chosen, rejected;               /* rewards, finite */
    double chosen_length, rejected_length; /* characters */
    const char *subset;                    /* NULL: none */
    uint32_t pair;                         /* index in the pair set */
} assay_judged;

/* 1 where a is the larger, 1/2 for a tie, else 0. */
double assay_win(double a, double b);

/* Counts of a group of pairs. */
typedef struct assay_tally {
    size_t pairs, ties;
    double wins, longer; /* sums of assay_win: by reward; by length */
    double margin;       /* sum */
    /* by assay_tally_finish: share of wins with its 95 % Wilson interval; NaN for no pairs */
    double accuracy, low, high;
} assay_tally;

void assay_tally_add(assay_tally *tally, const assay_judged *judged);
void assay_tally_finish(assay_tally *tally);

#endif
