/* Weights into a Hugging Face folder: model.safetensors, or above `shard_bytes` model-0000X-of-0000Y.safetensors with
 * model.safetensors.index.json, cut as Transformers cuts them (in the given order, a new shard when the next tensor
 * would not fit).
 *
 * Tensors and source as for assay_safetensors_write: `source` NULL means bytes at tensor->data, else it is called once
 * a tensor, in each file's own order. The index comes last, so a folder with one has all its shards. The folder must
 * exist and hold no weights of another layout; config and tokenizer are the caller's. */
#ifndef ASSAY_CHECKPOINT_CHECKPOINT_WRITE_H
#define ASSAY_CHECKPOINT_CHECKPOINT_WRITE_H

#include "container/safetensors.h"

#define ASSAY_SHARD_BYTES ((size_t)5000000000) /* Transformers' default, "5GB" */

assay_status assay_checkpoint_write_sharded(const char *folder, const assay_tensor *tensors, size_t count,
                                            assay_tensor_source source, void *context, size_t shard_bytes,
                                            assay_error *err);

#endif
