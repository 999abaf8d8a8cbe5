/* A pair's labels and the settings become the term that an objective reads. */
#include "train/loss.h"

static assay_objective_term term_of(const assay_train_settings *settings, const assay_example *example)
{
    return (assay_objective_term){.margin = settings->margin >= 0 ? settings->margin : example->margin,
                                  .share = example->share,
                                  .weight = example->weight};
}

assay_pair_loss assay_pair_loss_of(const assay_train_settings *settings, const assay_example *example, double chosen,
                                   double rejected)
{
    assay_objective_term term = term_of(settings, example);
    term.difference = chosen - rejected;
    assay_objective_cost cost = assay_objective_of(&settings->objective, &term);
    double sum = chosen + rejected, center = assay_objective_weight(&settings->objective, &term) * settings->center;
    return (assay_pair_loss){.loss = cost.loss + center * sum * sum,
                             .d_chosen = cost.slope + 2 * center * sum,
                             .d_rejected = -cost.slope + 2 * center * sum};
}

double assay_loss_divisor(const assay_train_settings *settings, const assay_example *items, const uint32_t *picked,
                          size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        assay_objective_term term = term_of(settings, &items[picked[i]]);
        sum += assay_objective_weight(&settings->objective, &term);
    }
    return sum > 0 ? sum : (double)count;
}
