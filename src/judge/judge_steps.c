#include "judge/judge_steps.h"

#include "base/wilson.h"

#include <math.h>

static double step_loss(double score, double label)
{
    double loss = 0;
    if (label > 0) loss -= label * log(score);
    if (label < 1) loss -= (1 - label) * log1p(-score);
    return loss;
}

static size_t first_below(const double *values, size_t count)
{
    size_t i = 0;
    while (i < count && !(values[i] < 0.5)) i++; /* a label that nobody gave calls nothing wrong */
    return i;
}

void assay_step_judgement_add(assay_step_judgement *j, const assay_judged_steps *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if (isnan(a->labels[i])) continue;
        j->loss += step_loss(a->scores[i], a->labels[i]);
        j->loss_count++;
        if (a->labels[i] == 0.5) continue;
        j->steps.count++;
        j->steps.hits += (a->scores[i] >= 0.5) == (a->labels[i] > 0.5);
    }
    size_t error = first_below(a->labels, a->count);
    assay_step_tally *kind = error < a->count ? &j->wrong : &j->right;
    kind->count++;
    kind->hits += first_below(a->scores, a->count) == error;
    j->answers++;
}

static void finish(assay_step_tally *tally)
{
    double count = (double)tally->count;
    assay_wilson_interval(tally->hits, count, &tally->low, &tally->high);
    tally->hits = count > 0 ? tally->hits / count : (double)NAN;
}

void assay_step_judgement_finish(assay_step_judgement *j)
{
    finish(&j->steps);
    finish(&j->wrong);
    finish(&j->right);
    double sum = j->wrong.hits + j->right.hits;
    j->f1 = sum == 0 ? 0 : 2 * j->wrong.hits * j->right.hits / sum;
    j->loss = j->loss_count ? j->loss / (double)j->loss_count : (double)NAN;
}

double assay_step_judgement_met(const assay_step_judgement *j)
{
    double wrong = j->wrong.count ? j->wrong.hits * (double)j->wrong.count : 0,
           right = j->right.count ? j->right.hits * (double)j->right.count : 0;
    return j->answers ? (wrong + right) / (double)j->answers : (double)NAN;
}

static json_t *tally_json(const assay_step_tally *t)
{
    const assay_json_entry numbers[] = {{"accuracy", t->hits}, {"accuracy_low", t->low}, {"accuracy_high", t->high}};
    json_t *object = json_pack("{s:I}", "answers", (json_int_t)t->count);
    return assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
}

json_t *assay_step_judgement_json(const assay_step_judgement *j)
{
    const assay_json_entry numbers[] = {{"accuracy", j->steps.hits},
                                        {"accuracy_low", j->steps.low},
                                        {"accuracy_high", j->steps.high},
                                        {"loss", j->loss}};
    json_t *first = json_pack("{s:o, s:o, s:o}", "wrong", tally_json(&j->wrong), "right", tally_json(&j->right), "f1",
                              assay_json_number(j->f1));
    json_t *object = json_pack("{s:I, s:I, s:o}", "answers", (json_int_t)j->answers, "steps",
                               (json_int_t)j->steps.count, "first_error", first);
    return assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
}
