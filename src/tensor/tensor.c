#include "tensor/tensor.h"

#include "base/alloc.h"

#include <stdio.h>

bool assay_tensor_elements(const assay_tensor *tensor, size_t *elements)
{
    size_t product = 1;
    for (int i = 0; i < tensor->rank; i++)
        if (!assay_mul_size(product, tensor->shape[i], &product)) return false;
    *elements = product;
    return true;
}

char *assay_shape_text(const assay_tensor *tensor, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < tensor->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, i ? ", %zu" : "%zu", tensor->shape[i]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}

size_t assay_tensor_stored_bytes(const assay_tensor *tensor)
{
    const assay_parts *parts = tensor->parts;
    if (!parts) return tensor->bytes;
    return tensor->bytes + parts->scale_bytes + parts->map_scale_bytes + (parts->map ? ASSAY_PARTS_MAP_BYTES : 0) +
           parts->zero_bytes + parts->group_bytes;
}
