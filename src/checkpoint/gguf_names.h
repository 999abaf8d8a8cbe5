/* llama.cpp's names of tensors and Hugging Face's, either way, by a family's table. (llama.cpp, gguf-py,
 * gguf/constants.py TENSOR_NAMES and tensor_mapping.py) */
#ifndef ASSAY_CHECKPOINT_GGUF_NAMES_H
#define ASSAY_CHECKPOINT_GGUF_NAMES_H

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

/* In fresh memory, the caller's. NULL: the table does not know it (or, *memory set, out of memory). */
char *assay_gguf_name_to_hf(const assay_gguf_family *family, const char *name, bool *memory);
char *assay_gguf_name_of_hf(const assay_gguf_family *family, const char *name, bool *memory);

/* How llama.cpp's converter lays this tensor out: sets the weight's permuted_heads, grouped_heads and plus_one. The
 * weight's rank, shape and file are set. ASSAY_E_FORMAT where its rows do not divide into the config's heads. */
assay_status assay_gguf_mark_order(const assay_gguf_family *family, const json_t *config, const char *gguf_name,
                                   assay_weight *weight, assay_error *err);

#endif
