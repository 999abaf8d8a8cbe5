/* The tensors that a checkpoint has of one trained weight: itself and its moments. */
#ifndef ASSAY_TRAIN_STATE_PARTS_H
#define ASSAY_TRAIN_STATE_PARTS_H

#include "base/file.h"
#include "optim/optimizer.h"

typedef struct assay_state_part {
    const char *prefix; /* "m": what the tensor's name begins with */
    void *values;
    assay_planes planes; /* of a weight that lies in them; then it has no `values` */
    assay_dtype dtype;
    size_t count, bytes; /* 0: this weight has none such */
} assay_state_part;

enum { ASSAY_STATE_PARTS = 5 };

void assay_state_parts(const assay_optimizer_item *item, assay_state_part parts[ASSAY_STATE_PARTS]);

/* The part becomes what part->bytes bytes of a file say. */
void assay_state_part_take(const assay_state_part *part, const void *bytes);

/* A part that lies in planes, as the floats it is. */
assay_status assay_state_part_write_planes(const assay_state_part *part, assay_writer *writer, assay_error *err);

#endif
