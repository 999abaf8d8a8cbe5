/* An example's labels and the settings become the row that an objective reads. */
#include "train/loss.h"

#include "base/sizes.h"

assay_status assay_loss_room_make(assay_loss_room *room, const assay_example_set *set, assay_error *err)
{
    size_t most = 2;
    for (size_t i = 0; i < set->count; i++) most = assay_larger(most, set->items[i].count);
    *room =
        (assay_loss_room){.rewards = assay_alloc(most, sizeof(double)), .slopes = assay_alloc(most, sizeof(double))};
    if (room->rewards && room->slopes) return ASSAY_OK;
    assay_loss_room_release(room);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list's rewards");
}

void assay_loss_room_release(assay_loss_room *room)
{
    assay_free(room->rewards);
    assay_free(room->slopes);
    *room = (assay_loss_room){0};
}

void assay_loss_room_load(assay_loss_room *room, const float *rewards, size_t count)
{
    for (size_t i = 0; i < count; i++) room->rewards[i] = (double)rewards[i];
}

static double margin_of(const assay_train_settings *settings, const assay_example *example)
{
    return settings->margin >= 0 ? settings->margin : example->margin;
}

/* Centring asks a list's mean what it asks of a pair's: with two answers the scale is exactly 1. */
static double center(const assay_loss_room *room, size_t count, double strength)
{
    double sum = 0, scale = 2 / (double)count;
    for (size_t i = 0; i < count; i++) sum += room->rewards[i];
    sum *= scale;
    for (size_t i = 0; i < count; i++) room->slopes[i] += 2 * strength * sum * scale;
    return strength * sum * sum;
}

double assay_example_loss(const assay_loss_room *room, const assay_train_settings *settings,
                          const assay_example_set *set, const assay_example *example)
{
    const assay_objective_row row = {.rewards = room->rewards,
                                     .values = set->values + example->answers,
                                     .count = example->count,
                                     .equal_is_tie = set->pairs->pairs[example->pair].equal_is_tie,
                                     .share = example->share,
                                     .margin = margin_of(settings, example),
                                     .weight = example->weight};
    double loss = assay_objective_of_row(&settings->objective, &row, room->slopes);
    assay_objective_term ends = assay_objective_ends(&row);
    double weight = assay_objective_weight(&settings->objective, &ends);
    return loss + center(room, row.count, weight * settings->center);
}

double assay_loss_divisor(const assay_train_settings *settings, const assay_example *items, const uint32_t *picked,
                          size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const assay_example *e = &items[picked[i]];
        assay_objective_term term = {.share = e->share, .margin = margin_of(settings, e), .weight = e->weight};
        sum += assay_objective_weight(&settings->objective, &term);
    }
    return sum > 0 ? sum : (double)count;
}

double assay_example_order(const assay_example_set *set, const assay_example *example, const double *rewards)
{
    const double *values = set->values + example->answers;
    double right = 0, couples = 0;
    for (size_t i = 0; i < example->count; i++)
        for (size_t j = i + 1; j < example->count; j++) {
            if (values[i] == values[j]) continue;
            right += rewards[i] > rewards[j] ? 1 : rewards[i] == rewards[j] ? 0.5 : 0;
            couples++;
        }
    return couples > 0 ? right / couples : 0;
}
