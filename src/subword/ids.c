#include "subword/ids.h"

void assay_ids_release(assay_ids *ids)
{
    assay_meter_give(ids->meter, ids->capacity * sizeof *ids->data);
    assay_free(ids->data);
    *ids = (assay_ids){0};
}

/* While a list moves to its larger place both exist. */
static assay_status grow(assay_ids *ids, assay_error *err)
{
    size_t before = ids->capacity, wanted = before < 8 ? 8 : 2 * before;
    ASSAY_TRY(assay_meter_take(ids->meter, wanted * sizeof *ids->data, err));
    assay_status status = assay_grow(&ids->data, &ids->capacity, ids->count + 1, sizeof *ids->data, err);
    assay_meter_give(ids->meter, (status == ASSAY_OK ? before : wanted) * sizeof *ids->data);
    return status;
}

assay_status assay_ids_push(assay_ids *ids, int32_t id, assay_error *err)
{
    if (ids->count == ids->capacity) ASSAY_TRY(grow(ids, err));
    ids->data[ids->count++] = id;
    return ASSAY_OK;
}
