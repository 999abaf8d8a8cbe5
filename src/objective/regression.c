/* Least squares of several values an answer, as Transformers' problem_type "regression" has it (MSELoss: the mean over
 * answers and labels) and NeMo-Aligner's reg_loss_func with its mask: what is not known is not in the mean. The targets
 * are where they are: predictions are values of the attributes, not differences. */
#include "objective/objective_parts.h"

#include <math.h>

static size_t known_targets(const assay_objective_row *row)
{
    size_t known = 0;
    for (size_t i = 0; row->targets && i < row->count * row->outputs; i++) known += isnan(row->targets[i]) ? 0 : 1;
    return known;
}

static double row_cost(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    size_t numbers = row->count * row->outputs, known = known_targets(row);
    double sum = 0;
    (void)settings;
    if (known == 0) return 0;
    for (size_t i = 0; i < numbers; i++) {
        double error = row->rewards[i] - row->targets[i];
        if (isnan(row->targets[i])) continue;
        sum += error * error;
        slopes[i] += 2 * error / (double)known;
    }
    return sum / (double)known;
}

const assay_objective assay_objective_regression = {.name = "regression",
                                                    .reads_labels = true,
                                                    .takes_no_smoothing = true,
                                                    .of_attributes = true,
                                                    .known = known_targets,
                                                    .row = row_cost};
