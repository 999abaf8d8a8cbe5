/* What the files of objectives share, and their list; nobody else includes it. A new objective is one line here. */
#ifndef ASSAY_OBJECTIVE_OBJECTIVE_PARTS_H
#define ASSAY_OBJECTIVE_OBJECTIVE_PARTS_H

#include "objective/objective.h"

/* Appended to, never reordered: the place is the objective's number (assay_objective_number). */
#define ASSAY_OBJECTIVE_LIST(X) \
    X(bt)                       \
    X(scaled_bt)                \
    X(soft)                     \
    X(robust)                   \
    X(rao_kupper)               \
    X(davidson)                 \
    X(all_pairs)                \
    X(plackett_luce)            \
    X(first_best)               \
    X(bce)                      \
    X(regression)               \
    X(process)

#define ASSAY_OBJECTIVE_DECLARE(name) extern const assay_objective assay_objective_##name;
ASSAY_OBJECTIVE_LIST(ASSAY_OBJECTIVE_DECLARE)
#undef ASSAY_OBJECTIVE_DECLARE

/* l(x) = log(1 + e^-x) and l'(x) = -sigmoid(-x). */
assay_objective_cost assay_win_cost(double x);

/* first * a + second * b. */
assay_objective_cost assay_cost_mix(double first, assay_objective_cost a, double second, assay_objective_cost b);

/* (1 - e) l(x) + e l(-x); exactly l(x) without smoothing. */
assay_objective_cost assay_smoothed_win_cost(double x, double smoothing);

/* The difference less the margin, where there is one and the label is no tie. */
double assay_term_gap(const assay_objective_term *term);

/* p of the label, 1 where there is none, drawn towards 1/2 by the smoothing; a tie stays exactly 1/2. */
double assay_term_share(const assay_objective_term *term, double smoothing);

/* p l(x) + (1 - p) l(-x), p as above. */
assay_objective_cost assay_share_cost(const assay_objective_settings *settings, const assay_objective_term *term);

/* Answer k against those worse than it: log(e^(r_k - margin) + sum e^r_j) - (r_k - margin), a stage of a ranking. Adds
 * `scale` times its slopes; 0 where none is worse. Returns the loss, times scale. */
double assay_stage_cost(const assay_objective_row *row, size_t k, double scale, double *slopes);

#endif
