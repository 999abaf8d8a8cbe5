/* The labels that --objective regression learns: names of the data's attributes, in the order in which the head has
 * them.
 *
 *     ASSAY_TRY(assay_training_choose_labels(training, options, log, err)); // the pairs are read, the objective
 * settled
 *
 * A head that is there keeps its labels; a new one has those of the data, in the order in which they are met. Any other
 * objective has one output.
 */
#ifndef ASSAY_TASK_TRAINING_ATTRIBUTES_H
#define ASSAY_TASK_TRAINING_ATTRIBUTES_H

#include "task/training.h"

/* Sets training->labels and says on the log what they are. ASSAY_E_USAGE: --num-labels is another number, or an option
 * that has no meaning for attributes was given; ASSAY_E_FORMAT: the head has no such label. */
assay_status assay_training_choose_labels(assay_training *training, const assay_options *options, const assay_log *log,
                                          assay_error *err);

/* Outputs of the head that is trained; with_data false: as --num-labels says. */
size_t assay_training_outputs(const assay_training *training, const assay_options *options);

/* Their names as an array, the caller's; NULL where there are none, or out of memory. */
json_t *assay_training_labels_json(const assay_training *training);

#endif
