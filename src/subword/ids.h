/* A growing list of token ids. A zeroed one is empty. */
#ifndef ASSAY_SUBWORD_IDS_H
#define ASSAY_SUBWORD_IDS_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_ids {
    int32_t *data;
    size_t count, capacity;
} assay_ids;

void assay_ids_release(assay_ids *ids); /* leaves it empty */
assay_status assay_ids_push(assay_ids *ids, int32_t id, assay_error *err);

#endif
