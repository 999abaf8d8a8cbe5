/* What an example (a pair, a list of answers) costs in training, and the gradient of all its rewards:
 *
 *     weight * (objective(rewards) + center * (2 * mean of the rewards)^2)
 *
 * objective/objective.h has the first part and its sources (margin: Touvron et al., arXiv:2307.09288 section 3.2.2);
 * centring: Eisenstein et al., arXiv:2312.09244, TRL's center_rewards_coefficient, of a pair (r_chosen + r_rejected)^2.
 * Formed in double; gradients are rounded to f32 once. A step's loss is the sum of its examples' divided by the sum of
 * their weights. */
#ifndef ASSAY_TRAIN_LOSS_H
#define ASSAY_TRAIN_LOSS_H

#include "train/trainer.h"

/* What it takes to compute an example's loss: rewards and slopes in double, `outputs` an answer, as many as the longest
 * list has. */
typedef struct assay_loss_room {
    double *rewards, *slopes;
    size_t outputs; /* numbers that the model's head gives */
} assay_loss_room;

assay_status assay_loss_room_make(assay_loss_room *room, const assay_example_set *set, size_t outputs,
                                  assay_error *err);
void assay_loss_room_release(assay_loss_room *room); /* safe on a zeroed one */

/* Puts an example's rewards, all numbers of the best of its `count` answers first, into the room. */
void assay_loss_room_load(assay_loss_room *room, const float *rewards, size_t count);

/* Of the rewards in the room; the settings' objective, margin and center are read. room->slopes[i] becomes the loss's
 * derivative by reward i. */
double assay_example_loss(const assay_loss_room *room, const assay_train_settings *settings,
                          const assay_example_set *set, const assay_example *example);

/* The loss's derivative by the place of the tie parameter (objective/objective.h), of the rewards in the room. */
double assay_example_tie_slope(const assay_loss_room *room, const assay_train_settings *settings,
                               const assay_example_set *set, const assay_example *example);

/* The slopes in the room over the step's divisor, for the engine: as many as were loaded. */
void assay_loss_room_give(const assay_loss_room *room, size_t count, double divisor, float *d_rewards);

/* What the step's loss is divided by: the weights of the picked examples; their number where all weigh nothing. */
double assay_loss_divisor(const assay_train_settings *settings, const assay_example_set *set, const uint32_t *picked,
                          size_t count);

/* How far the rewards order the example's answers as its label does: the share of the couples of unequal value in which
 * the better answer has the larger reward, equal rewards counting half. */
double assay_example_order(const assay_example_set *set, const assay_example *example, const double *rewards);

#endif
