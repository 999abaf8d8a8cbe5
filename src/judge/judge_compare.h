/* Two judges on the same pairs: is one better, or is it chance? McNemar's exact test (Q. McNemar, Psychometrika 12,
 * 1947; the binomial form): only pairs on which the two differ count. If neither judge were better, each of these would
 * go either way with probability 1/2; p is the chance of a split at least as uneven, both ways. A tie is not right. */
#ifndef ASSAY_JUDGE_JUDGE_COMPARE_H
#define ASSAY_JUDGE_JUDGE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct assay_comparison {
    size_t pairs, both, only_first, only_second, neither; /* right */
    double difference; /* share right of the first minus that of the second; NaN for no pairs */
    double p;          /* two-sided; 1 where they never differ */
} assay_comparison;

void assay_comparison_add(assay_comparison *comparison, bool first_right, bool second_right);
void assay_comparison_finish(assay_comparison *comparison);

/* Two-sided exact binomial test of `a` against `b` at 1/2. */
double assay_mcnemar(size_t a, size_t b);

#endif
