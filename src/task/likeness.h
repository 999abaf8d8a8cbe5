/* Whether the processes of a run compute alike: the same program, the same bits from a fixed sample of its arithmetic,
 * the same model, data and settings. Processors may differ where the bits do not. */
#ifndef ASSAY_TASK_LIKENESS_H
#define ASSAY_TASK_LIKENESS_H

#include "task/training.h"

/* ASSAY_E_UNEQUAL names the first part that differs, and the processes with their hosts. Nothing is computed where comm
 * is NULL or has one process. */
assay_status assay_likeness_check(const assay_training *training, assay_comm *comm, assay_error *err);

#endif
