/* The tensors that a head is told by: a checkpoint's, and before them those of an adapter on it. */
#ifndef ASSAY_CHECKPOINT_HEAD_TENSORS_H
#define ASSAY_CHECKPOINT_HEAD_TENSORS_H

#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"
#include "head/head_kind.h"

typedef struct assay_head_tensors {
    const assay_checkpoint *checkpoint;
    const assay_adapter_file *adapter; /* NULL: none */
} assay_head_tensors;

/* For assay_head_find; borrows the tensors. */
assay_head_view assay_head_view_of(const assay_head_tensors *tensors, const char *plain, size_t hidden);

#endif
