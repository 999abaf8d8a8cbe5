#include "tensor/stored.h"

static const assay_decode_parts decoders[ASSAY_DTYPE_COUNT] = {
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

void assay_stored_to_f32(const assay_stored *stored, size_t row, size_t first, size_t count, float *dst)
{
    if (stored->parts) {
        decoders[stored->dtype](stored->data, stored->parts, row * stored->cols + first, count, dst);
        return;
    }
    const uint8_t *bytes = stored->data;
    assay_dtype_run_to_f32(stored->dtype, bytes + row * assay_dtype_row_bytes(stored->dtype, stored->cols), first,
                           count, dst);
}
