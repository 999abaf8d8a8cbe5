#include "tensor/stored.h"

#include "base/sizes.h"

static const assay_decode_parts plain[ASSAY_DTYPE_COUNT] = {
#define DECODER(name, file, ...) [ASSAY_##name] = assay_##file##_decode,
    ASSAY_PARTS_MAP(DECODER)
#undef DECODER
};

assay_stored assay_stored_tensor(const assay_tensor *tensor)
{
    assay_stored stored = {.data = tensor->data, .dtype = tensor->dtype, .parts = tensor->parts, .cols = 1};
    for (int i = 1; i < tensor->rank; i++) stored.cols *= tensor->shape[i];
    return stored;
}

/* What is no whole group at either end goes the plain way. */
static void decode_groups(assay_decode_groups decode, assay_dtype dtype, const uint8_t *row, size_t first, size_t count,
                          float *dst)
{
    size_t lead = assay_smaller((ASSAY_GROUP - first % ASSAY_GROUP) % ASSAY_GROUP, count),
           groups = (count - lead) / ASSAY_GROUP, done = lead + groups * ASSAY_GROUP;
    if (lead) assay_dtype_run_to_f32(dtype, row, first, lead, dst);
    if (groups) decode(row, (first + lead) / ASSAY_GROUP, groups, dst + lead);
    if (done < count) assay_dtype_run_to_f32(dtype, row, first + done, count - done, dst + done);
}

void assay_stored_decode(const assay_decoders *by, const assay_stored *stored, size_t row, size_t first, size_t count,
                         float *dst)
{
    assay_dtype dtype = stored->dtype;
    if (stored->parts) {
        assay_decode_parts decode = by && by->parts[dtype] ? by->parts[dtype] : plain[dtype];
        decode(stored->data, stored->parts, row * stored->cols + first, count, dst);
        return;
    }
    const uint8_t *bytes = (const uint8_t *)stored->data + row * assay_dtype_row_bytes(dtype, stored->cols);
    if (by && by->groups[dtype]) decode_groups(by->groups[dtype], dtype, bytes, first, count, dst);
    else assay_dtype_run_to_f32(dtype, bytes, first, count, dst);
}

void assay_stored_to_f32(const assay_stored *stored, size_t row, size_t first, size_t count, float *dst)
{
    assay_stored_decode(NULL, stored, row, first, count, dst);
}
