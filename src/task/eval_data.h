/* What `assay eval` judges on: pairs and choices, told apart file by file.
 *
 *     assay_eval_data data;
 *     ASSAY_TRY(assay_eval_data_read(&data, options, context->log, err));
 *     ... data.pairs (NULL: none), data.choices.count ...
 *     assay_eval_data_release(&data);
 *
 * A pair or choice without a "subset" (or "category") of its own gets the name of its file where there are several: the
 * last part without its ending, or where all files are called alike (LLMBar's dataset.json) the folder's.
 */
#ifndef ASSAY_TASK_EVAL_DATA_H
#define ASSAY_TASK_EVAL_DATA_H

#include "data/choice_file.h"
#include "options/options.h"

typedef struct assay_eval_data {
    assay_pair_set *pairs;
    assay_choice_set choices;
} assay_eval_data;

assay_status assay_eval_data_read(assay_eval_data *data, const assay_options *options, const assay_log *log,
                                  assay_error *err);
void assay_eval_data_release(assay_eval_data *data); /* safe on a zeroed one */

#endif
