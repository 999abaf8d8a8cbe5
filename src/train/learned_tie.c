#include "train/learned_tie.h"

#include <math.h>

void assay_learned_tie_begin(assay_learned_tie *tie, const assay_objective_settings *settings)
{
    *tie = (assay_learned_tie){0};
    if (settings->tie_learned) tie->place = assay_tie_place(settings);
}

void assay_learned_tie_step(assay_learned_tie *tie, assay_objective_settings *settings,
                            const assay_optimizer_hyper *hyper, uint64_t steps, double share)
{
    if (!settings->tie_learned) return;
    tie->m = hyper->beta1 * tie->m + (1 - hyper->beta1) * tie->slope;
    tie->v = hyper->beta2 * tie->v + (1 - hyper->beta2) * tie->slope * tie->slope;
    double mean = tie->m / (1 - pow(hyper->beta1, (double)steps)),
           square = tie->v / (1 - pow(hyper->beta2, (double)steps));
    tie->place -= ASSAY_LEARNED_TIE_RATE * share * mean / (sqrt(square) + hyper->eps);
    assay_tie_put(settings, tie->place);
}
