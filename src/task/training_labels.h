/* Whether what the data says of its pairs beside the texts suits --objective, before any step is computed. */
#ifndef ASSAY_TASK_TRAINING_LABELS_H
#define ASSAY_TASK_TRAINING_LABELS_H

#include "task/training.h"

/* Says which labels the objective leaves unread, and which it wants and does not find. ASSAY_E_FORMAT names a pair
 * that the objective can make nothing of. The training's examples and settings are there. */
assay_status assay_training_say_labels(const assay_training *training, const assay_log *log, assay_error *err);

#endif
