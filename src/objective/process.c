/* Process reward models: at the end of each step of an answer two logits, of a wrong step and of a right one, and cross
 * entropy on their softmax (Lightman et al., arXiv:2305.20050; TRL's PRMTrainer, whose labels are 0 and 1 at the steps'
 * ends and -100 elsewhere; Uesato et al., arXiv:2211.14275). With d = z_right - z_wrong the softmax's share of right is
 * sigmoid(d), so that a step costs p l(d) + (1 - p) l(-d), p its label: 0, 1, or a probability (Math-Shepherd's soft
 * estimate, arXiv:2312.08935). A step that nobody labelled costs nothing. */
#include "objective/objective_parts.h"

#include <math.h>

enum { WRONG, RIGHT, CLASSES };

static size_t labelled(const assay_objective_row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < row->count; i++) count += isnan(row->values[i]) ? 0 : 1;
    return count;
}

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    double sum = 0, known = (double)labelled(row);
    for (size_t i = 0; i < row->count; i++) {
        const double *logits = row->rewards + i * CLASSES;
        assay_objective_term step = {
            .difference = logits[RIGHT] - logits[WRONG], .share = row->values[i], .margin = (double)NAN, .weight = 1};
        if (isnan(row->values[i])) continue;
        assay_objective_cost cost = assay_share_cost(settings, &step);
        sum += cost.loss / known;
        slopes[i * CLASSES + RIGHT] += cost.slope / known;
        slopes[i * CLASSES + WRONG] -= cost.slope / known;
    }
    return sum;
}

const assay_objective assay_objective_process = {
    .name = "process", .reads_labels = true, .of_steps = true, .known = labelled, .row = row_cost};
