/* An example's labels and the settings become the row that an objective reads. */
#include "train/loss.h"

#include "base/sizes.h"

assay_status assay_loss_room_make(assay_loss_room *room, const assay_example_set *set, size_t outputs, assay_error *err)
{
    size_t most = 2;
    for (size_t i = 0; i < set->count; i++) most = assay_larger(most, set->items[i].count);
    *room = (assay_loss_room){.rewards = assay_alloc(most, outputs * sizeof(double)),
                              .slopes = assay_alloc(most, outputs * sizeof(double)),
                              .outputs = outputs};
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
    for (size_t i = 0; i < count * room->outputs; i++) room->rewards[i] = (double)rewards[i];
}

void assay_loss_room_give(const assay_loss_room *room, size_t count, double divisor, float *d_rewards)
{
    for (size_t i = 0; i < count * room->outputs; i++) d_rewards[i] = (float)(room->slopes[i] / divisor);
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

/* room NULL: what the row weighs is asked, before there are rewards. */
static assay_objective_row row_of(const assay_loss_room *room, const assay_train_settings *settings,
                                  const assay_example_set *set, const assay_example *e)
{
    assay_objective_row row = {.rewards = room ? room->rewards : NULL,
                               .values = set->values + e->answers,
                               .count = e->count,
                               .equal_is_tie = set->pairs->pairs[e->pair].equal_is_tie,
                               .share = e->share,
                               .margin = margin_of(settings, e),
                               .outputs = room ? room->outputs : set->label_count,
                               .targets = set->targets ? set->targets + e->answers * set->label_count : NULL};
    row.weight = e->weight * (double)assay_objective_known(&settings->objective, &row);
    return row;
}

double assay_example_loss(const assay_loss_room *room, const assay_train_settings *settings,
                          const assay_example_set *set, const assay_example *example)
{
    const assay_objective_row row = row_of(room, settings, set, example);
    double loss = assay_objective_of_row(&settings->objective, &row, room->slopes);
    assay_objective_term ends = assay_objective_ends(&row);
    double weight = assay_objective_weight(&settings->objective, &ends);
    return loss + center(room, row.count, weight * settings->center);
}

double assay_example_tie_slope(const assay_loss_room *room, const assay_train_settings *settings,
                               const assay_example_set *set, const assay_example *example)
{
    const assay_objective_row row = row_of(room, settings, set, example);
    return assay_objective_tie_slope(&settings->objective, &row);
}

double assay_loss_divisor(const assay_train_settings *settings, const assay_example_set *set, const uint32_t *picked,
                          size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const assay_objective_row row = row_of(NULL, settings, set, &set->items[picked[i]]);
        const assay_objective_term term = {.share = row.share, .margin = row.margin, .weight = row.weight};
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
