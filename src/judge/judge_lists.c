/* Everything is a sum over lists of a few numbers of each list, so one pass over the rewards is enough. */
#include "judge/judge_lists.h"

#include "base/json_doc.h"
#include "base/wilson.h"
#include "judge/judged.h"

#include <math.h>

static const double normal_95 = 1.959963984540054;

/* Of one list: couples by label and by reward. */
typedef struct list_counts {
    double compared, right, label_ties, reward_ties, both_ties, ties, tie_gap, decided_gap, top;
} list_counts;

static void add_couple(list_counts *c, const assay_pair *pair, const double *values, const double *rewards, size_t i,
                       size_t j)
{
    double gap = fabs(rewards[i] - rewards[j]);
    bool equal = values[i] == values[j];
    c->reward_ties += gap == 0;
    c->label_ties += equal;
    c->both_ties += equal && gap == 0;
    if (equal && pair->equal_is_tie) {
        c->ties++;
        c->tie_gap += gap;
    }
    if (equal) return;
    c->compared++;
    c->right += assay_win(rewards[i], rewards[j]);
    c->decided_gap += gap;
}

/* The share of best answers among those at the highest reward. */
static double top_of(const double *values, const double *rewards, size_t count)
{
    double most = rewards[0], at_most = 0, best = 0;
    for (size_t i = 1; i < count; i++) most = fmax(most, rewards[i]);
    for (size_t i = 0; i < count; i++) {
        at_most += rewards[i] == most;
        best += rewards[i] == most && values[i] == values[0];
    }
    return best / at_most;
}

static list_counts count_list(const assay_example_set *set, const assay_example *e, const double *all)
{
    list_counts c = {0};
    const double *values = set->values + e->answers, *rewards = all + e->answers;
    for (size_t i = 0; i < e->count; i++)
        for (size_t j = i + 1; j < e->count; j++) add_couple(&c, &set->pairs->pairs[e->pair], values, rewards, i, j);
    c.top = top_of(values, rewards, e->count);
    return c;
}

/* Concordant less discordant over the geometric mean of the couples that are no tie in the one, and in the other. */
static double tau_of(const list_counts *c, double answers)
{
    double couples = answers * (answers - 1) / 2, by_reward = couples - c->reward_ties,
           decided_in_both = couples - c->label_ties - c->reward_ties + c->both_ties,
           one_reward = c->compared - decided_in_both; /* compared, but of equal reward: half a win each */
    double concordant = c->right - one_reward / 2;
    if (by_reward == 0 || c->compared == 0) return 0;
    return (2 * concordant - decided_in_both) / sqrt(by_reward * c->compared);
}

typedef struct list_sums {
    list_counts all;
    double right_right, right_compared, compared_compared, tau, tau_tau;
} list_sums;

static void add_list(list_sums *s, const list_counts *c, double tau)
{
    s->all.compared += c->compared;
    s->all.right += c->right;
    s->all.ties += c->ties;
    s->all.tie_gap += c->tie_gap;
    s->all.decided_gap += c->decided_gap;
    s->all.top += c->top;
    s->right_right += c->right * c->right;
    s->right_compared += c->right * c->compared;
    s->compared_compared += c->compared * c->compared;
    s->tau += tau;
    s->tau_tau += tau * tau;
}

static void put_accuracy(assay_list_judgement *out, const list_sums *s)
{
    double n = (double)out->lists, p = s->all.right / s->all.compared;
    double squares = s->right_right - 2 * p * s->right_compared + p * p * s->compared_compared;
    double half = normal_95 * sqrt(n / (n - 1) * fmax(squares, 0)) / s->all.compared;
    out->accuracy = p;
    out->accuracy_low = out->lists > 1 ? fmax(p - half, 0) : (double)NAN;
    out->accuracy_high = out->lists > 1 ? fmin(p + half, 1) : (double)NAN;
}

static void put_tau(assay_list_judgement *out, const list_sums *s)
{
    double n = (double)out->lists, mean = s->tau / n;
    double half = normal_95 * sqrt(fmax(s->tau_tau - n * mean * mean, 0) / (n - 1) / n);
    out->tau = mean;
    out->tau_low = out->lists > 1 ? fmax(mean - half, -1) : (double)NAN;
    out->tau_high = out->lists > 1 ? fmin(mean + half, 1) : (double)NAN;
}

void assay_judge_lists(const assay_example_set *set, const double *rewards, assay_list_judgement *out)
{
    list_sums sums = {0};
    *out = (assay_list_judgement){0};
    for (size_t i = 0; i < set->count; i++) {
        const assay_example *e = &set->items[i];
        if (e->count <= 2) continue;
        list_counts counts = count_list(set, e, rewards);
        add_list(&sums, &counts, tau_of(&counts, (double)e->count));
        out->lists++;
        out->answers += e->count;
    }
    if (!out->lists) return;
    out->compared = (size_t)sums.all.compared;
    out->ties = (size_t)sums.all.ties;
    out->top = sums.all.top / (double)out->lists;
    out->tie_gap = out->ties ? sums.all.tie_gap / sums.all.ties : (double)NAN;
    out->decided_gap = sums.all.decided_gap / sums.all.compared;
    assay_wilson_interval(sums.all.top, (double)out->lists, &out->top_low, &out->top_high);
    put_accuracy(out, &sums);
    put_tau(out, &sums);
}

json_t *assay_list_judgement_json(const assay_list_judgement *j)
{
    const assay_json_entry numbers[] = {
        {"accuracy", j->accuracy}, {"accuracy_low", j->accuracy_low}, {"accuracy_high", j->accuracy_high},
        {"top", j->top},           {"top_low", j->top_low},           {"top_high", j->top_high},
        {"tau", j->tau},           {"tau_low", j->tau_low},           {"tau_high", j->tau_high},
        {"tie_gap", j->tie_gap},   {"decided_gap", j->decided_gap}};
    json_t *object = json_pack("{s:I, s:I, s:I, s:I}", "lists", (json_int_t)j->lists, "answers", (json_int_t)j->answers,
                               "compared", (json_int_t)j->compared, "ties", (json_int_t)j->ties);
    return assay_json_numbers(object, numbers, sizeof numbers / sizeof *numbers);
}
