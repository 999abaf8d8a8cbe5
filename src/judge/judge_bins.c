#include "judge/judge_bins.h"

#include <math.h>

static const double edges[ASSAY_LENGTH_BINS + 1] = {0, 0.5, 1 / 1.2, 1.2, 2, INFINITY};

static int length_bin(const assay_judged *judged)
{
    double a = judged->chosen_length, b = judged->rejected_length, ratio = a == b ? 1 : a / b;
    int bin = 0;
    while (bin + 1 < ASSAY_LENGTH_BINS && ratio >= edges[bin + 1]) bin++;
    return bin;
}

void assay_length_bins(const assay_judged *judged, size_t count, assay_length_bin bins[ASSAY_LENGTH_BINS])
{
    for (int b = 0; b < ASSAY_LENGTH_BINS; b++) bins[b] = (assay_length_bin){.from = edges[b], .to = edges[b + 1]};
    for (size_t i = 0; i < count; i++) assay_tally_add(&bins[length_bin(&judged[i])].tally, &judged[i]);
    for (int b = 0; b < ASSAY_LENGTH_BINS; b++) assay_tally_finish(&bins[b].tally);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void add_confidence(assay_calibration *out, const assay_judged *judged)
{
    double margin = judged->chosen - judged->rejected, confidence = sigmoid(fabs(margin)), miss = 1 - sigmoid(margin);
    int bin = (int)((confidence - 0.5) * 2 * (double)ASSAY_CONFIDENCE_BINS);
    assay_confidence_bin *to = &out->bins[bin < ASSAY_CONFIDENCE_BINS ? bin : ASSAY_CONFIDENCE_BINS - 1];
    to->pairs++;
    to->confidence += confidence;
    to->accuracy += assay_win(judged->chosen, judged->rejected);
    out->brier += miss * miss;
}

void assay_calibration_make(const assay_judged *judged, size_t count, assay_calibration *out)
{
    *out = (assay_calibration){0};
    for (int b = 0; b < ASSAY_CONFIDENCE_BINS; b++) {
        out->bins[b].from = 0.5 + 0.5 * b / (double)ASSAY_CONFIDENCE_BINS;
        out->bins[b].to = 0.5 + 0.5 * (b + 1) / (double)ASSAY_CONFIDENCE_BINS;
    }
    for (size_t i = 0; i < count; i++) add_confidence(out, &judged[i]);
    for (int b = 0; b < ASSAY_CONFIDENCE_BINS; b++) {
        assay_confidence_bin *bin = &out->bins[b];
        /* sums of the bin, so already weighted by its pairs */
        out->error += fabs(bin->accuracy - bin->confidence) / (double)count;
        bin->confidence /= (double)bin->pairs;
        bin->accuracy /= (double)bin->pairs;
    }
    out->brier /= (double)count;
}
