/* A growing list of token ids. A zeroed one is empty. Where it has a meter, its memory is charged. */
#ifndef ASSAY_SUBWORD_IDS_H
#define ASSAY_SUBWORD_IDS_H

#include "base/alloc.h"
#include "base/meter.h"

#include <stdint.h>

typedef struct assay_ids {
    int32_t *data;
    size_t count, capacity;
    assay_meter *meter; /* borrowed; NULL: nobody counts */
} assay_ids;

void assay_ids_release(assay_ids *ids); /* leaves it empty and without a meter */
assay_status assay_ids_push(assay_ids *ids, int32_t id, assay_error *err);

#endif
