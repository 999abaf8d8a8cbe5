/* Accuracy by relative length, and calibration. Length bins. ratio = characters of chosen / characters of rejected. A
 * model that only counts characters is right above 1 and wrong below; in the middle bin ("equal": within a fifth of
 * each other) length tells nothing, so the accuracy there is the part that length cannot explain. Calibration. A reward
 * difference m claims that the higher answer is preferred with probability sigmoid(|m|), its confidence. Pairs are
 * sorted into ten equal bins of confidence between 0.5 and 1; the expected calibration error is the mean of |accuracy -
 * confidence| of the bins, weighted by their pairs (C. Guo et al., arXiv:1706.04599). brier is the mean of (1 -
 * sigmoid(chosen - rejected))^2: 0.25 for a model that knows nothing. */
#ifndef ASSAY_JUDGE_JUDGE_BINS_H
#define ASSAY_JUDGE_JUDGE_BINS_H

#include "judge/judged.h"

enum { ASSAY_LENGTH_BINS = 5, ASSAY_LENGTH_EQUAL = 2, ASSAY_CONFIDENCE_BINS = 10 };

typedef struct assay_length_bin {
    double from, to; /* of the ratio: from <= ratio < to; the last has no end (infinity) */
    assay_tally tally;
} assay_length_bin;

/* bins[ASSAY_LENGTH_EQUAL] is the one of equal lengths. Two empty answers are equal. */
void assay_length_bins(const assay_judged *judged, size_t count, assay_length_bin bins[ASSAY_LENGTH_BINS]);

typedef struct assay_confidence_bin {
    double from, to; /* of the confidence */
    size_t pairs;
    double confidence, accuracy; /* means; NaN for no pairs */
} assay_confidence_bin;

typedef struct assay_calibration {
    double error, brier; /* NaN for no pairs */
    assay_confidence_bin bins[ASSAY_CONFIDENCE_BINS];
} assay_calibration;

void assay_calibration_make(const assay_judged *judged, size_t count, assay_calibration *out);

#endif
