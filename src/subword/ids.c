#include "subword/ids.h"

void assay_ids_release(assay_ids *ids)
{
    assay_free(ids->data);
    *ids = (assay_ids){0};
}

assay_status assay_ids_push(assay_ids *ids, int32_t id, assay_error *err)
{
    if (ids->count == ids->capacity) {
        void *data = ids->data;
        ASSAY_TRY(assay_grow(&data, &ids->capacity, ids->count + 1, sizeof(*ids->data), err));
        ids->data = data;
    }
    ids->data[ids->count++] = id;
    return ASSAY_OK;
}
