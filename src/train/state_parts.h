/* The tensors that a checkpoint has of one trained weight: itself and its moments. */
#ifndef ASSAY_TRAIN_STATE_PARTS_H
#define ASSAY_TRAIN_STATE_PARTS_H

#include "optim/optimizer.h"

typedef struct assay_state_part {
    const char *prefix; /* "m": what the tensor's name begins with */
    void *values;
    assay_dtype dtype;
    size_t count, bytes; /* 0: this weight has none such */
} assay_state_part;

enum { ASSAY_STATE_PARTS = 5 };

void assay_state_parts(const assay_optimizer_item *item, assay_state_part parts[ASSAY_STATE_PARTS]);

#endif
