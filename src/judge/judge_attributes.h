/* What a model's numbers say of answers with attributes, attribute by attribute, of the answers of which it is known.
 *
 *     mse         mean of (number - target)^2
 *     r2          1 - sum (number - target)^2 / sum (target - mean target)^2: the share of the targets' variance that
 *                 is explained; 0 is what the mean alone reaches, below 0 worse. Its 95 % interval is that of a ratio
 *                 (Cochran, Sampling Techniques, 1977, section 2.11), cut at 1
 *     pearson     the correlation, with Fisher's interval (R. A. Fisher, Biometrika 10, 1915)
 *     spearman    the correlation of ranks, equal values sharing theirs, with the interval of D. G. Bonett & T. A.
 *                 Wright, Psychometrika 65, 2000
 *
 * NaN where there is none: fewer than two answers (of an interval: than four), or all targets or numbers equal.
 */
#ifndef ASSAY_JUDGE_JUDGE_ATTRIBUTES_H
#define ASSAY_JUDGE_JUDGE_ATTRIBUTES_H

#include "data/example.h"

typedef struct assay_estimate {
    double value, low, high;
} assay_estimate;

typedef struct assay_attribute_judgement {
    size_t answers;
    double mse;
    assay_estimate r2, pearson, spearman;
} assay_attribute_judgement;

typedef struct assay_attributes_judgement {
    assay_attribute_judgement *items; /* one a label of the set, in its order */
    size_t count;
    size_t answers, targets;      /* answers of which an attribute is known; known attributes of all */
    double mse;                   /* over all targets: what regression minimises */
    double r2, pearson, spearman; /* means over the attributes that have one */
} assay_attributes_judgement;

/* numbers: [set->answer_count, set->label_count], finite. answers 0: there are none, and nothing else is set. */
assay_status assay_judge_attributes(const assay_example_set *set, const double *numbers,
                                    assay_attributes_judgement *out, assay_error *err);
void assay_attributes_judgement_release(assay_attributes_judgement *judgement); /* safe on a zeroed one */

/* {"answers", "mse", "r2", "pearson", "spearman", "labels": {name: {...}}}; NULL when out of memory. NaN becomes null.
 */
json_t *assay_attributes_judgement_json(const assay_attributes_judgement *judgement, const assay_label_list *names);

#endif
