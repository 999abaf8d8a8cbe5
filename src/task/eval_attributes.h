/* Which attributes of the data `assay eval` judges, and by which of the model's numbers.
 *
 *     assay_label_list labels;
 *     bool own;
 *     ASSAY_TRY(assay_eval_labels(&labels, &own, source, pairs, log, err)); // none: there is nothing to judge
 *
 * A model of several numbers is judged by those that are called as the attributes are: labels are then the model's,
 * and own says that each has a number of its own. A reward, which is one number and has no name, is set beside every
 * attribute.
 */
#ifndef ASSAY_TASK_EVAL_ATTRIBUTES_H
#define ASSAY_TASK_EVAL_ATTRIBUTES_H

#include "base/log.h"
#include "data/attributes.h"
#include "task/model_source.h"

/* ASSAY_E_FORMAT: there are single answers with attributes, and none of these is one of the model's labels. pairs NULL:
 * there are none. */
assay_status assay_eval_labels(assay_label_list *out, bool *own, const assay_model_source *source,
                               const assay_pair_set *pairs, const assay_log *log, assay_error *err);

#endif
