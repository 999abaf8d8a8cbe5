#include "judge/judge.h"

#include "base/json_doc.h"
#include "base/wilson.h"
#include "judge/judge_singles.h"
#include "judge/judged.h"

#include <math.h>

/* Running sums of a correlation. */
typedef struct moments {
    double n, x, y, xx, yy, xy;
} moments;

static void add_point(moments *m, double x, double y)
{
    m->n++;
    m->x += x;
    m->y += y;
    m->xx += x * x;
    m->yy += y * y;
    m->xy += x * y;
}

static double correlation(const moments *m)
{
    double xx = m->xx - m->x * m->x / m->n, yy = m->yy - m->y * m->y / m->n, xy = m->xy - m->x * m->y / m->n;
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

static void add_pair(assay_judgement *out, moments *lengths, const assay_pair *pair, double chosen, double rejected)
{
    double long_chosen = (double)assay_turns_length(&pair->chosen),
           long_rejected = (double)assay_turns_length(&pair->rejected), margin = chosen - rejected;
    out->ties += margin == 0;
    out->accuracy += assay_win(chosen, rejected);
    out->longer_wins += assay_win(long_chosen, long_rejected);
    out->loss += softplus(-margin);
    out->margin += margin;
    out->reward_chosen += chosen;
    out->reward_rejected += rejected;
    out->mse += margin * margin;
    out->mae += fabs(margin);
    add_point(lengths, long_chosen, chosen);
    add_point(lengths, long_rejected, rejected);
}

static void judge_pairs(const assay_example_set *set, const double *rewards, assay_judgement *out)
{
    moments lengths = {0};
    for (size_t i = 0; i < set->count; i++) {
        const assay_example *e = &set->items[i];
        if (e->count == 1) continue;
        add_pair(out, &lengths, &set->pairs->pairs[e->pair], rewards[e->answers], rewards[e->answers + e->count - 1]);
        out->pairs++;
    }
    double n = (double)out->pairs;
    double *means[] = {&out->accuracy,        &out->loss,        &out->margin, &out->reward_chosen,
                       &out->reward_rejected, &out->longer_wins, &out->mse,    &out->mae};
    for (size_t i = 0; i < sizeof means / sizeof *means; i++) *means[i] /= n;
    assay_wilson_interval(out->accuracy * n, n, &out->accuracy_low, &out->accuracy_high);
    out->length_correlation = correlation(&lengths);
}

/* The same keys, of answers that stand alone: chosen are the good ones. */
static void take_singles(const assay_single_judgement *singles, assay_judgement *out)
{
    *out = (assay_judgement){.pairs = singles->answers - singles->undecided,
                             .accuracy = singles->accuracy,
                             .accuracy_low = singles->accuracy_low,
                             .accuracy_high = singles->accuracy_high,
                             .loss = singles->loss,
                             .margin = singles->reward_good - singles->reward_bad,
                             .reward_chosen = singles->reward_good,
                             .reward_rejected = singles->reward_bad,
                             .longer_wins = (double)NAN,
                             .length_correlation = (double)NAN,
                             .mse = (double)NAN,
                             .mae = (double)NAN};
}

/* The same keys once more. */
static void judge_steps(const assay_example_set *set, const double *rewards, assay_judgement *out)
{
    double none = (double)NAN;
    assay_step_judgement steps = {0};
    for (size_t i = 0; i < set->count; i++) {
        const assay_example *e = &set->items[i];
        assay_step_judgement_add(&steps, &(assay_judged_steps){.scores = rewards + e->answers,
                                                               .labels = set->values + e->answers,
                                                               .count = e->count});
    }
    assay_step_judgement_finish(&steps);
    *out = (assay_judgement){.pairs = steps.answers,
                             .accuracy = steps.steps.hits,
                             .accuracy_low = steps.steps.low,
                             .accuracy_high = steps.steps.high,
                             .loss = steps.loss,
                             .margin = none,
                             .reward_chosen = none,
                             .reward_rejected = none,
                             .longer_wins = none,
                             .length_correlation = none,
                             .mse = none,
                             .mae = none,
                             .of_steps = true,
                             .steps = steps};
}

assay_status assay_judge(const assay_example_set *set, const double *rewards, assay_judgement *out, assay_error *err)
{
    assay_single_judgement singles;
    *out = (assay_judgement){0};
    if (set->count && set->items[0].steps) {
        judge_steps(set, rewards, out); /* a probability needs no scale */
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_judge_singles(set, rewards, &singles, err));
    if (singles.answers == set->count) take_singles(&singles, out);
    else judge_pairs(set, rewards, out);
    if (set->answer_count < 2) return ASSAY_OK; /* one answer makes no scale */
    return assay_reward_scale_make(&out->scale, rewards, set->answer_count, err);
}

assay_status assay_judge_graded(const assay_example_set *set, const double *rewards,
                                const assay_attributes_judgement *attributes, assay_judgement *out, assay_error *err)
{
    double none = (double)NAN;
    *out = (assay_judgement){.pairs = attributes->answers,
                             .graded = true,
                             .accuracy = none,
                             .accuracy_low = none,
                             .accuracy_high = none,
                             .loss = attributes->mse,
                             .margin = none,
                             .reward_chosen = none,
                             .reward_rejected = none,
                             .longer_wins = none,
                             .length_correlation = none,
                             .mse = none,
                             .mae = none,
                             .r2 = attributes->r2,
                             .pearson = attributes->pearson,
                             .spearman = attributes->spearman};
    if (set->answer_count < 2) return ASSAY_OK;
    return assay_reward_scale_make(&out->scale, rewards, set->answer_count, err);
}

json_t *assay_judgement_json(const assay_judgement *j)
{
    const assay_json_entry numbers[] = {{"accuracy", j->accuracy},
                                        {"accuracy_low", j->accuracy_low},
                                        {"accuracy_high", j->accuracy_high},
                                        {"loss", j->loss},
                                        {"margin", j->margin},
                                        {"reward_chosen", j->reward_chosen},
                                        {"reward_rejected", j->reward_rejected},
                                        {"longer_wins", j->longer_wins},
                                        {"length_correlation", j->length_correlation},
                                        {"mse", j->mse},
                                        {"mae", j->mae}};
    json_t *object = json_pack("{s:I, s:I}", "pairs", (json_int_t)j->pairs, "ties", (json_int_t)j->ties);
    const assay_json_entry graded[] = {{"r2", j->r2}, {"pearson", j->pearson}, {"spearman", j->spearman}};
    const assay_json_entry of_steps[] = {{"first_error_accuracy", assay_step_judgement_met(&j->steps)},
                                         {"first_error_wrong", j->steps.wrong.hits},
                                         {"first_error_right", j->steps.right.hits},
                                         {"first_error_f1", j->steps.f1}};
    object = assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
    if (object && j->of_steps) json_object_set_new(object, "steps", json_integer((json_int_t)j->steps.steps.count));
    if (j->of_steps) return assay_json_numbers(object, of_steps, sizeof of_steps / sizeof *of_steps);
    return j->graded ? assay_json_numbers(object, graded, sizeof graded / sizeof *graded) : object;
}
