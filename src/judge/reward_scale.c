#include "judge/reward_scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

assay_status assay_reward_scale_make(assay_reward_scale *scale, const double *rewards, size_t count, assay_error *err)
{
    double sum = 0, squares = 0;
    *scale = (assay_reward_scale){0};
    if (count < 2)
        return assay_error_set(err, ASSAY_E_FORMAT, "%zu rewards make no scale; at least 2 are needed", count);
    double *sorted = assay_alloc(count, sizeof *sorted);
    ASSAY_TRY_ALLOC(sorted, "rewards", err);
    memcpy(sorted, rewards, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    for (size_t i = 0; i < count; i++) sum += sorted[i];
    scale->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) squares += (sorted[i] - scale->mean) * (sorted[i] - scale->mean);
    scale->deviation = sqrt(squares / (double)(count - 1));
    for (int q = 0; q < ASSAY_QUANTILES; q++)
        scale->quantiles[q] = quantile(sorted, count, (double)q / (ASSAY_QUANTILES - 1));
    scale->count = count;
    assay_free(sorted);
    return ASSAY_OK;
}

double assay_reward_normalized(const assay_reward_scale *scale, double reward)
{
    return scale->deviation > 0 ? (reward - scale->mean) / scale->deviation : NAN;
}

double assay_reward_percentile(const assay_reward_scale *scale, double reward)
{
    const double *q = scale->quantiles;
    if (reward < q[0]) return 0;
    if (reward >= q[ASSAY_QUANTILES - 1]) return 100;
    int below = 0;
    while (below + 2 < ASSAY_QUANTILES && q[below + 1] <= reward) below++;
    return below + (reward - q[below]) / (q[below + 1] - q[below]);
}

double assay_reward_better(const assay_reward_scale *scale, double reward)
{
    double sum = 0;
    for (int q = 0; q < ASSAY_QUANTILES; q++) {
        double end = q == 0 || q == ASSAY_QUANTILES - 1 ? 0.5 : 1; /* the trapezoid rule over the quantile function */
        sum += end / (1 + exp(scale->quantiles[q] - reward));
    }
    return sum / (ASSAY_QUANTILES - 1);
}

json_t *assay_reward_scale_json(const assay_reward_scale *scale)
{
    if (!scale->count) return NULL;
    json_t *quantiles = json_array();
    int failed = !quantiles;
    for (int q = 0; q < ASSAY_QUANTILES; q++)
        failed |= json_array_append_new(quantiles, json_real(scale->quantiles[q]));
    if (!failed)
        return json_pack("{s:I, s:f, s:f, s:o}", "count", (json_int_t)scale->count, "mean", scale->mean, "deviation",
                         scale->deviation, "quantiles", quantiles);
    json_decref(quantiles);
    return NULL;
}

assay_status assay_reward_scale_read(assay_reward_scale *scale, const json_t *object, const char *where,
                                     assay_error *err)
{
    int64_t count = 0;
    const json_t *quantiles = json_object_get(object, "quantiles");
    *scale = (assay_reward_scale){0};
    ASSAY_TRY(assay_json_int(object, "count", true, &count, where, err));
    ASSAY_TRY(assay_json_double(object, "mean", true, &scale->mean, where, err));
    ASSAY_TRY(assay_json_double(object, "deviation", true, &scale->deviation, where, err));
    bool good = count >= 2 && scale->deviation >= 0 && json_array_size(quantiles) == ASSAY_QUANTILES;
    for (size_t q = 0; good && q < ASSAY_QUANTILES; q++) {
        const json_t *value = json_array_get(quantiles, q);
        scale->quantiles[q] = json_number_value(value);
        good = json_is_number(value) && (q == 0 || scale->quantiles[q] >= scale->quantiles[q - 1]);
    }
    if (!good)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: \"rewards\" should hold count, mean, deviation and %d rising quantiles; assay eval "
                               "--store makes it anew",
                               where, ASSAY_QUANTILES);
    scale->count = (size_t)count;
    return ASSAY_OK;
}
