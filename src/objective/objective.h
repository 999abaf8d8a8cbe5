/* What labelled answers to one prompt should cost: the objectives of training, one file each. A new one is a file and a
 * line of the list in objective_parts.h; nothing else knows their names.
 *
 *     assay_objective_settings settings;
 *     ASSAY_TRY(assay_objective_choose("all-pairs", 0, -1, &settings, err)); // E_USAGE says what to type instead
 *     assay_objective_row row = {.rewards = rewards, .values = scores, .count = 4, .equal_is_tie = true,
 *                                .share = NAN, .margin = NAN, .weight = 1};
 *     double loss = assay_objective_of_row(&settings, &row, slopes); // slopes[i]: the derivative by rewards[i]
 *
 * A row is the answers to one prompt, best first, and what is known of them: of two answers (a pair) a share, of more a
 * value for each. An objective of pairs takes the first and the last answer of a longer row.
 *
 * Notation: d = r_chosen - r_rejected, x = d - margin, l(x) = log(1 + e^-x) = -log sigmoid(x), e the label smoothing, p
 * the label's probability that chosen is the better answer.
 *
 *     bt           l(x)                                    Bradley & Terry 1952; arXiv:2203.02155. With smoothing:
 *                  (1 - e) l(x) + e l(-x)
 *     scaled-bt    margin l(d), smoothed alike             arXiv:2410.01257 (HelpSteer2-Preference); no margin: 1
 *     soft         p l(x) + (1 - p) l(-x)                  p from shares of votes; 1 where the pair has none
 *     robust       ((1 - e) l(x) - e l(-x)) / (1 - 2 e)    arXiv:2403.00409: the expectation over flipped labels is
 *                  l; not bounded from below, so --clip matters
 *     rao-kupper   P(c > r) = 1 / (1 + t e^-x), P(tie) = (t^2 - 1) P(c > r) P(r > c), t > 1     Rao & Kupper 1967
 *     davidson     P(c > r) = e^(x/2) / D, P(tie) = n / D, D = e^(x/2) + e^(-x/2) + n, n > 0    Davidson 1970
 *
 * The last two cost -log of what the label says; a share p between costs p times one and 1 - p times the other. A pair
 * whose share is exactly 1/2 is a tie and has no margin. Objectives that read no labels take a pair whose share is
 * above 1/2 (or missing) for chosen, and give the others no weight: the label prefers neither answer, or the other one.
 *
 * Of rows of more than two answers, each weighing as much as a pair; i is better than j where its value is larger:
 *
 *     all-pairs      mean of l(r_i - r_j - margin) over the couples that were compared
 *                    (Ouyang et al., arXiv:2203.02155); equal values are a tie, (l(d) + l(-d)) / 2, unless the row says
 *                    that nobody compared them. Of a pair: soft
 *     plackett-luce  sum over the answers k that are better than others of log(e^(r_k - margin) + sum_j e^r_j) -
 *                    (r_k - margin), j the answers worse than k: the likelihood of the ranking (Plackett 1975; Zhu et
 *                    al., arXiv:2301.11270), in which equal answers are not set against each other. Of a pair: bt
 *     first-best     the same for the best answers alone, divided by their number: -log of the softmax at the best
 *
 * Of single answers, p being the label's probability that the answer is good:
 *
 *     bce            p l(r) + (1 - p) l(-r)        Cobbe et al., arXiv:2110.14168 (outcome), KTO's unpaired data
 *
 * Of answers with attributes, for each of which the model gives a number of its own:
 *
 *     regression   mean of (z - y)^2 over the answers' known targets y; a row weighs as much as it has of them, so that
 *                  a step's loss is the mean over targets (Transformers' problem_type regression; HelpSteer's)
 *
 * Of one answer in steps, each of which has two logits, wrong and right, and d = z_right - z_wrong:
 *
 *     process      mean of p l(d) + (1 - p) l(-d) over the steps with a label p, the probability that the step is
 * right: the cross entropy of a token classifier. A row weighs as much as it has such steps, so that an optimizer
 * step's loss is the mean over labelled places (TRL's PRMTrainer; arXiv:2305.20050)
 *
 * Everything is formed in double, in forms that neither overflow nor cancel for large |d|.
 */
#ifndef ASSAY_OBJECTIVE_OBJECTIVE_H
#define ASSAY_OBJECTIVE_OBJECTIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct assay_objective assay_objective;

/* A pair, reduced to what an objective reads. */
typedef struct assay_objective_term {
    double difference; /* r_chosen - r_rejected */
    double share;      /* probability that chosen is the better answer, 0 to 1; NaN: not labelled */
    double margin;     /* NaN: none */
    double weight;     /* what the pair counts; 1 where the data has none */
} assay_objective_term;

/* The answers to one prompt, best first. Arrays are borrowed and have `count` elements, rewards and targets `count`
 * times `outputs`. */
typedef struct assay_objective_row {
    const double *rewards;
    /* Falling; NULL: a pair, whose label is the share. Of an answer in steps: their labels, NaN: nobody said. */
    const double *values;
    size_t count;                 /* 2 or more; 1: one answer, whose label is the share (that it is good); or steps */
    bool equal_is_tie;            /* equal values: found equally good; false: they were not compared */
    double share, margin, weight; /* as in a term; the margin is asked of every couple */
    size_t outputs;               /* numbers of an answer; 0 is 1 */
    const double *targets;        /* of each number, NaN: not known; NULL: none */
} assay_objective_row;

typedef struct assay_objective_cost {
    double loss;
    double slope;     /* its derivative by the difference */
    double tie_slope; /* and by log(tie parameter - what it must be above); 0 where the objective has none */
} assay_objective_cost;

typedef struct assay_objective_settings {
    const assay_objective *objective; /* NULL: bt */
    double smoothing;                 /* e, 0 to below 1/2 */
    double tie_parameter;             /* t or n; 0 where the objective has none */
    bool tie_learned;                 /* it changes while a model trains (train/learned_tie.h) */
} assay_objective_settings;

struct assay_objective {
    const char *name;
    bool reads_labels;     /* shares and ties; else only decided pairs teach */
    bool scales_by_margin; /* the margin multiplies instead of being subtracted */
    bool needs_smoothing, takes_no_smoothing;
    bool of_single;                  /* single answers with labels are what it reads; else answers that are compared */
    bool of_attributes;              /* or targets, of single answers and lists */
    bool of_steps;                   /* or the steps of one answer */
    double tie_parameter, tie_above; /* the usual one, and what it must be above; usual 0: it has none */
    /* What a row of weight 1 weighs beside others: how many labels its mean is over. NULL: 1. */
    size_t (*known)(const assay_objective_row *row);
    /* Of a term of weight 1 that the objective reads; NULL: it reads rows alone, of any number of answers. */
    assay_objective_cost (*cost)(const assay_objective_settings *settings, const assay_objective_term *term);
    /* Of a row of weight 1 with values; adds to slopes, which are zero. NULL: the first and the last answer are taken
     * for a pair. */
    double (*row)(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes);
};

#define ASSAY_TIE_LEARNED (-2.0) /* "learn": from the objective's usual one on */

/* name: one of the list, or auto (bt; what suits given data is for the caller to find: task/objective_choice.h).
 * tie_parameter -1: the objective's usual one. On failure (ASSAY_E_USAGE: an unknown name, one that is not there yet, a
 * number that the objective does not take) the settings are undefined. */
assay_status assay_objective_choose(const char *name, double smoothing, double tie_parameter,
                                    assay_objective_settings *settings, assay_error *err);

const char *assay_objective_name(const assay_objective_settings *settings);
const char *assay_objective_name_at(size_t index); /* of the list; NULL behind its end */

/* A number of its own for each objective, kept when the list grows; bt is 0. For fingerprints. */
double assay_objective_number(const assay_objective_settings *settings);

/* Does the label call neither answer, or the rejected one, the better? */
bool assay_share_is_undecided(double share);

/* The weight that the term has under this objective: its own, or 0 where the objective learns nothing from it. */
double assay_objective_weight(const assay_objective_settings *settings, const assay_objective_term *term);

/* Loss and slope of a pair, times the weight. */
assay_objective_cost assay_objective_of(const assay_objective_settings *settings, const assay_objective_term *term);

/* The same of a row, whose weight is assay_objective_weight's of its term: the loss, and slopes[count * outputs], which
 * are written over. Of two answers exactly what assay_objective_of gives. */
double assay_objective_of_row(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes);

/* The derivative of the row's loss by the place of the tie parameter, log(tie_parameter - what it must be above), from
 * where it may go anywhere; 0 where the objective has none. */
double assay_objective_tie_slope(const assay_objective_settings *settings, const assay_objective_row *row);

/* That place, and the parameter put there. The objective has one. */
double assay_tie_place(const assay_objective_settings *settings);
void assay_tie_put(assay_objective_settings *settings, double place);

/* How many labels of the row the objective takes the mean over; 1 for most. */
size_t assay_objective_known(const assay_objective_settings *settings, const assay_objective_row *row);

/* The row's first and last answer as a pair. */
assay_objective_term assay_objective_ends(const assay_objective_row *row);

/* Does it read more of a row than its first and last answer? */
bool assay_objective_reads_rows(const assay_objective_settings *settings);

#endif
