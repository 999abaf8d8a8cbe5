#include "judge/judge_singles.h"

#include "base/json_doc.h"
#include "base/wilson.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double reward;
    bool good;
} ranked;

static int by_reward(const void *a, const void *b)
{
    double x = ((const ranked *)a)->reward, y = ((const ranked *)b)->reward;
    return (x > y) - (x < y);
}

static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* The number of (good, bad) couples in order, by Mann and Whitney: sorted, each good answer is above the bad ones
 * before it and level with those of its own reward. */
static double count_wins(ranked *list, size_t count)
{
    double wins = 0, bad_below = 0;
    qsort(list, count, sizeof *list, by_reward);
    for (size_t begin = 0, end; begin < count; begin = end) {
        double good = 0, bad = 0;
        for (end = begin; end < count && list[end].reward == list[begin].reward; end++) list[end].good ? good++ : bad++;
        wins += good * (bad_below + bad / 2);
        bad_below += bad;
    }
    return wins;
}

static void add_answer(assay_single_judgement *out, double share, double reward)
{
    bool good = share > 0.5;
    out->answers++;
    out->loss += share * softplus(-reward) + (1 - share) * softplus(reward);
    if (share == 0.5) {
        out->undecided++;
        return;
    }
    out->good += good;
    out->accuracy += reward == 0 ? 0.5 : (reward > 0) == good;
    *(good ? &out->reward_good : &out->reward_bad) += reward;
}

static void finish(assay_single_judgement *out, double wins)
{
    double decided = (double)(out->answers - out->undecided), good = (double)out->good, bad = decided - good;
    assay_wilson_interval(out->accuracy, decided, &out->accuracy_low, &out->accuracy_high);
    out->accuracy = decided > 0 ? out->accuracy / decided : (double)NAN;
    out->loss /= (double)out->answers;
    out->auc = good > 0 && bad > 0 ? wins / (good * bad) : (double)NAN;
    out->reward_good = good > 0 ? out->reward_good / good : (double)NAN;
    out->reward_bad = bad > 0 ? out->reward_bad / bad : (double)NAN;
}

assay_status assay_judge_singles(const assay_example_set *set, const double *rewards, assay_single_judgement *out,
                                 assay_error *err)
{
    size_t decided = 0;
    ranked *list = assay_alloc(set->count, sizeof *list);
    *out = (assay_single_judgement){0};
    ASSAY_TRY_ALLOC(list, "a list of answers", err);
    for (size_t i = 0; i < set->count; i++) {
        const assay_example *e = &set->items[i];
        if (e->count != 1 || isnan(e->share)) continue;
        add_answer(out, e->share, rewards[e->answers]);
        if (e->share != 0.5) list[decided++] = (ranked){rewards[e->answers], e->share > 0.5};
    }
    if (out->answers) finish(out, count_wins(list, decided));
    assay_free(list);
    return ASSAY_OK;
}

json_t *assay_single_judgement_json(const assay_single_judgement *j)
{
    const assay_json_entry numbers[] = {{"accuracy", j->accuracy},
                                        {"accuracy_low", j->accuracy_low},
                                        {"accuracy_high", j->accuracy_high},
                                        {"auc", j->auc},
                                        {"loss", j->loss},
                                        {"reward_good", j->reward_good},
                                        {"reward_bad", j->reward_bad}};
    json_t *object = json_pack("{s:I, s:I, s:I}", "answers", (json_int_t)j->answers, "good", (json_int_t)j->good,
                               "undecided", (json_int_t)j->undecided);
    return assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
}
