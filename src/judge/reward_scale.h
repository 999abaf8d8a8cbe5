/* What a reward means: where it lies among the rewards of held-out answers.
 *
 * A reward has no zero and no unit of its own; training fixes differences alone. A scale, made once from the held-out
 * answers and stored with the model (assay.json, "rewards"), gives three readings:
 *     normalized   (reward - mean) / deviation
 *     percentile   share of held-out answers with a smaller reward, 0 to 100, linear between stored quantiles
 *     p_better     chance that the answer is preferred to one drawn from the held-out answers, by the model the loss
 *     fits (R. A. Bradley and
 *                  M. E. Terry, Biometrika 39, 1952): mean over the quantiles of 1 / (1 + exp(-(reward - quantile)))
 * Chosen and rejected answers count alike.
 */
#ifndef ASSAY_JUDGE_REWARD_SCALE_H
#define ASSAY_JUDGE_REWARD_SCALE_H

#include "base/json_doc.h"

enum { ASSAY_QUANTILES = 101 };

typedef struct assay_reward_scale {
    size_t count;                      /* answers it was made from; 0: there is none */
    double mean, deviation;            /* deviation: of the sample, divided by count - 1 */
    double quantiles[ASSAY_QUANTILES]; /* smallest, 1 %, ... largest; linear interpolation */
} assay_reward_scale;

/* Rewards are finite; at least two. */
assay_status assay_reward_scale_make(assay_reward_scale *scale, const double *rewards, size_t count, assay_error *err);

/* NaN where all held-out rewards are equal */
double assay_reward_normalized(const assay_reward_scale *scale, double reward);
double assay_reward_percentile(const assay_reward_scale *scale, double reward);
double assay_reward_better(const assay_reward_scale *scale, double reward);

/* {"count","mean","deviation","quantiles":[...]}; NULL when out of memory or count is 0. */
json_t *assay_reward_scale_json(const assay_reward_scale *scale);
/* ASSAY_E_FORMAT for what is no scale (missing keys, quantiles that fall). */
assay_status assay_reward_scale_read(assay_reward_scale *scale, const json_t *object, const char *where,
                                     assay_error *err);

#endif
