#include "judge/judged.h"

#include "base/wilson.h"

#include <math.h>

double assay_win(double a, double b) { return a > b ? 1 : a == b ? 0.5 : 0; }

void assay_tally_add(assay_tally *tally, const assay_judged *judged)
{
    tally->pairs++;
    tally->ties += judged->chosen == judged->rejected;
    tally->wins += assay_win(judged->chosen, judged->rejected);
    tally->longer += assay_win(judged->chosen_length, judged->rejected_length);
    tally->margin += judged->chosen - judged->rejected;
}

void assay_tally_finish(assay_tally *tally)
{
    tally->accuracy = tally->pairs ? tally->wins / (double)tally->pairs : (double)NAN;
    assay_wilson_interval(tally->wins, (double)tally->pairs, &tally->low, &tally->high);
}
