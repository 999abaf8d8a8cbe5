#include "judge/judge_attributes.h"

#include "base/json_doc.h"

#include <math.h>
#include <stdlib.h>

static const double normal_95 = 1.959963984540054;
static const assay_estimate no_estimate = {(double)NAN, (double)NAN, (double)NAN};

typedef struct place {
    double value;
    size_t index;
} place;

/* Of one attribute: targets and numbers of the answers of which it is known, and room for their ranks. */
typedef struct column {
    double *target, *number, *target_rank, *number_rank;
    place *places;
    size_t count;
} column;

static int by_value(const void *a, const void *b)
{
    double x = ((const place *)a)->value, y = ((const place *)b)->value;
    return (x > y) - (x < y);
}

/* From 1; equal values have the mean of theirs. */
static void rank(place *places, const double *values, size_t count, double *ranks)
{
    for (size_t i = 0; i < count; i++) places[i] = (place){values[i], i};
    qsort(places, count, sizeof *places, by_value);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin; end < count && places[end].value == places[begin].value;) end++;
        for (size_t i = begin; i < end; i++) ranks[places[i].index] = ((double)begin + 1 + (double)end) / 2;
    }
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum / (double)count;
}

static double correlation(const double *a, const double *b, size_t count)
{
    double mean_a = mean_of(a, count), mean_b = mean_of(b, count), aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < count; i++) {
        double x = a[i] - mean_a, y = b[i] - mean_b;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return aa > 0 && bb > 0 ? fmax(-1, fmin(1, ab / sqrt(aa * bb))) : (double)NAN;
}

/* The interval of a correlation whose inverse hyperbolic tangent has the variance `spread` / (n - 3). */
static assay_estimate estimate_of(double r, double spread, size_t count)
{
    assay_estimate out = {.value = r, .low = (double)NAN, .high = (double)NAN};
    if (isnan(r) || count < 4) return out;
    double half = normal_95 * sqrt(spread / ((double)count - 3));
    out.low = tanh(atanh(r) - half);
    out.high = tanh(atanh(r) + half);
    return out;
}

static assay_estimate explained(const column *c, double *mse)
{
    double mean = mean_of(c->target, c->count), errors = 0, spread = 0, squares = 0, n = (double)c->count;
    for (size_t i = 0; i < c->count; i++) {
        double error = c->number[i] - c->target[i], away = c->target[i] - mean;
        errors += error * error;
        spread += away * away;
    }
    *mse = errors / n;
    if (c->count < 2 || !(spread > 0)) return no_estimate;
    double ratio = errors / spread;
    for (size_t i = 0; i < c->count; i++) {
        double error = c->number[i] - c->target[i], away = c->target[i] - mean;
        double rest = error * error - ratio * away * away;
        squares += rest * rest;
    }
    double half = normal_95 * sqrt(n / (n - 1) * squares) / spread;
    bool has_interval = c->count >= 4;
    return (assay_estimate){.value = 1 - ratio,
                            .low = has_interval ? 1 - ratio - half : (double)NAN,
                            .high = has_interval ? fmin(1 - ratio + half, 1) : (double)NAN};
}

static void judge_column(column *c, assay_attribute_judgement *out)
{
    *out = (assay_attribute_judgement){
        .answers = c->count, .mse = (double)NAN, .r2 = no_estimate, .pearson = no_estimate, .spearman = no_estimate};
    if (!c->count) return;
    rank(c->places, c->target, c->count, c->target_rank);
    rank(c->places, c->number, c->count, c->number_rank);
    double ranked = correlation(c->target_rank, c->number_rank, c->count);
    out->r2 = explained(c, &out->mse);
    out->pearson = estimate_of(correlation(c->target, c->number, c->count), 1, c->count);
    out->spearman = estimate_of(ranked, 1 + ranked * ranked / 2, c->count);
}

static void take_column(column *c, const assay_example_set *set, const double *numbers, size_t label)
{
    c->count = 0;
    for (size_t i = 0; i < set->answer_count; i++) {
        size_t at = i * set->label_count + label;
        if (isnan(set->targets[at])) continue;
        c->target[c->count] = set->targets[at];
        c->number[c->count++] = numbers[at];
    }
}

static double r2_of(const assay_attribute_judgement *j) { return j->r2.value; }
static double pearson_of(const assay_attribute_judgement *j) { return j->pearson.value; }
static double spearman_of(const assay_attribute_judgement *j) { return j->spearman.value; }

static double mean_over(const assay_attributes_judgement *j, double (*of)(const assay_attribute_judgement *))
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < j->count; i++) {
        double value = of(&j->items[i]);
        if (isnan(value)) continue;
        sum += value;
        count++;
    }
    return count > 0 ? sum / count : (double)NAN;
}

static size_t count_answers(const assay_example_set *set)
{
    size_t answers = 0;
    for (size_t i = 0; i < set->answer_count; i++) {
        bool known = false;
        for (size_t a = 0; a < set->label_count; a++) known |= !isnan(set->targets[i * set->label_count + a]);
        answers += known;
    }
    return answers;
}

static void judge_all(column *c, const assay_example_set *set, const double *numbers, assay_attributes_judgement *out)
{
    double squares = 0;
    for (size_t a = 0; a < set->label_count; a++) {
        take_column(c, set, numbers, a);
        judge_column(c, &out->items[a]);
        out->targets += c->count;
        if (c->count) squares += out->items[a].mse * (double)c->count;
    }
    out->mse = squares / (double)out->targets;
    out->r2 = mean_over(out, r2_of);
    out->pearson = mean_over(out, pearson_of);
    out->spearman = mean_over(out, spearman_of);
}

assay_status assay_judge_attributes(const assay_example_set *set, const double *numbers,
                                    assay_attributes_judgement *out, assay_error *err)
{
    *out = (assay_attributes_judgement){.count = set->label_count};
    out->answers = count_answers(set);
    if (!out->answers) return ASSAY_OK;
    double *room = assay_alloc(set->answer_count, 4 * sizeof *room);
    column c = {.places = assay_alloc(set->answer_count, sizeof *c.places)};
    out->items = assay_alloc(set->label_count, sizeof *out->items);
    assay_status status = ASSAY_OK;
    if (room && c.places && out->items) {
        c.target = room;
        c.number = room + set->answer_count;
        c.target_rank = room + 2 * set->answer_count;
        c.number_rank = room + 3 * set->answer_count;
        judge_all(&c, set, numbers, out);
    } else {
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the attributes of answers");
        assay_attributes_judgement_release(out);
    }
    assay_free(room);
    assay_free(c.places);
    return status;
}

void assay_attributes_judgement_release(assay_attributes_judgement *judgement)
{
    assay_free(judgement->items);
    *judgement = (assay_attributes_judgement){0};
}

static json_t *label_json(const assay_attribute_judgement *j)
{
    const assay_json_entry numbers[] = {{"mse", j->mse},
                                        {"r2", j->r2.value},
                                        {"r2_low", j->r2.low},
                                        {"r2_high", j->r2.high},
                                        {"pearson", j->pearson.value},
                                        {"pearson_low", j->pearson.low},
                                        {"pearson_high", j->pearson.high},
                                        {"spearman", j->spearman.value},
                                        {"spearman_low", j->spearman.low},
                                        {"spearman_high", j->spearman.high}};
    return assay_json_numbers(json_pack("{s:I}", "answers", (json_int_t)j->answers), numbers,
                              sizeof numbers / sizeof *numbers);
}

json_t *assay_attributes_judgement_json(const assay_attributes_judgement *j, const assay_label_list *names)
{
    const assay_json_entry numbers[] = {
        {"mse", j->mse}, {"r2", j->r2}, {"pearson", j->pearson}, {"spearman", j->spearman}};
    json_t *labels = json_object();
    bool good = labels != NULL;
    for (size_t i = 0; good && i < j->count; i++)
        good = !json_object_set_new(labels, names->names[i], label_json(&j->items[i]));
    if (!good) {
        json_decref(labels);
        return NULL;
    }
    json_t *object = json_pack("{s:I, s:o}", "answers", (json_int_t)j->answers, "labels", labels);
    return assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
}
