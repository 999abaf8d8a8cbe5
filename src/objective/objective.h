/* What a labelled pair should cost: the objectives of training, one file each. A new one is a file and a line of the
 * list in objective_parts.h; nothing else knows their names.
 *
 *     assay_objective_settings settings;
 *     assay_objective_term term = {.difference = 0.7, .share = 0.8, .margin = 0, .weight = 1};
 *     ASSAY_TRY(assay_objective_choose("rao-kupper", 0, -1, &settings, err)); // E_USAGE says what to type instead
 *     assay_objective_cost cost = assay_objective_of(&settings, &term);
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
 * Everything is formed in double, in forms that neither overflow nor cancel for large |d|.
 */
#ifndef ASSAY_OBJECTIVE_OBJECTIVE_H
#define ASSAY_OBJECTIVE_OBJECTIVE_H

#include "base/status.h"

#include <stdbool.h>

typedef struct assay_objective assay_objective;

/* A pair, reduced to what an objective reads. */
typedef struct assay_objective_term {
    double difference; /* r_chosen - r_rejected */
    double share;      /* probability that chosen is the better answer, 0 to 1; NaN: not labelled */
    double margin;     /* NaN: none */
    double weight;     /* what the pair counts; 1 where the data has none */
} assay_objective_term;

typedef struct assay_objective_cost {
    double loss;
    double slope; /* its derivative by the difference */
} assay_objective_cost;

typedef struct assay_objective_settings {
    const assay_objective *objective; /* NULL: bt */
    double smoothing;                 /* e, 0 to below 1/2 */
    double tie_parameter;             /* t or n; 0 where the objective has none */
} assay_objective_settings;

struct assay_objective {
    const char *name;
    bool reads_labels;     /* shares and ties; else only decided pairs teach */
    bool scales_by_margin; /* the margin multiplies instead of being subtracted */
    bool needs_smoothing;
    double tie_parameter, tie_above; /* the usual one, and what it must be above; usual 0: it has none */
    /* Of a term of weight 1 that the objective reads. */
    assay_objective_cost (*cost)(const assay_objective_settings *settings, const assay_objective_term *term);
};

/* name: one of the list, or auto. tie_parameter -1: the objective's usual one. On failure (ASSAY_E_USAGE: an unknown
 * name, one that is not there yet, a number that the objective does not take) the settings are undefined. */
assay_status assay_objective_choose(const char *name, double smoothing, double tie_parameter,
                                    assay_objective_settings *settings, assay_error *err);

const char *assay_objective_name(const assay_objective_settings *settings);

/* A number of its own for each objective, kept when the list grows; bt is 0. For fingerprints. */
double assay_objective_number(const assay_objective_settings *settings);

/* Does the label call neither answer, or the rejected one, the better? */
bool assay_share_is_undecided(double share);

/* The weight that the term has under this objective: its own, or 0 where the objective learns nothing from it. */
double assay_objective_weight(const assay_objective_settings *settings, const assay_objective_term *term);

/* Loss and slope, times the weight. */
assay_objective_cost assay_objective_of(const assay_objective_settings *settings, const assay_objective_term *term);

#endif
