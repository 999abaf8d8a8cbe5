/* safetensors: u64 header length, JSON header, data. Read strictly (no holes, no overlap, no duplicate key, nothing
 * behind the end), written reproducibly (tensors by descending alignment, then name; metadata {"format":"pt"} and
 * nothing else; header padded to 8 with spaces). Format: github.com/huggingface/safetensors, README.md and
 * safetensors/src/tensor.rs. */
#ifndef ASSAY_CONTAINER_SAFETENSORS_H
#define ASSAY_CONTAINER_SAFETENSORS_H

#include "container/tensor_file.h"

assay_status assay_safetensors_open(assay_tensor_file **out, const char *path, assay_error *err);

/* Writes whole or not at all. Every tensor needs name, dtype, rank, shape and bytes; `source` NULL: bytes are at
 * tensor->data. */
assay_status assay_safetensors_write(const char *path, const assay_tensor *tensors, size_t count,
                                     assay_tensor_source source, void *context, assay_error *err);

#endif
