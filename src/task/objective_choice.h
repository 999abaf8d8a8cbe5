/* --objective, and what auto becomes once the data is read.
 *
 *     assay_objective_settings settings;
 *     ASSAY_TRY(assay_objective_begin(options, &settings, err)); // before anything is read: refuses what cannot be
 *     ...
 *     ASSAY_TRY(assay_objective_settle(options, pairs, &settings, log, err));
 *
 * auto is process where the data is answers in labelled steps, regression where the data is single answers with
 * attributes, bce where they have labels, all-pairs where a prompt has more than two answers, else rao-kupper where
 * pairs are ties, else soft where they have shares of votes, else bt. Lists of answers with attributes (UltraFeedback)
 * are compared; --objective regression learns the attributes.
 */
#ifndef ASSAY_TASK_OBJECTIVE_CHOICE_H
#define ASSAY_TASK_OBJECTIVE_CHOICE_H

#include "base/log.h"
#include "data/pair_set.h"
#include "objective/objective.h"
#include "options/options.h"

/* auto: bt, until the data says more. ASSAY_E_USAGE names the option. */
assay_status assay_objective_begin(const assay_options *options, assay_objective_settings *settings, assay_error *err);

/* Says on the log (which may be NULL) what auto became, and what an objective of pairs leaves out of lists. */
assay_status assay_objective_settle(const assay_options *options, const assay_pair_set *pairs,
                                    assay_objective_settings *settings, const assay_log *log, assay_error *err);

#endif
