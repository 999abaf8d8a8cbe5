/* What the files of src/checkpoint share; nobody else includes this. */
#ifndef ASSAY_CHECKPOINT_CHECKPOINT_PRIVATE_H
#define ASSAY_CHECKPOINT_CHECKPOINT_PRIVATE_H

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

/* The folder or file meant by what the user typed: itself when it exists, else a snapshot in a hub cache. *out is
 * absolute, the caller's. A hub id that is in no cache is an error with the download command. */
assay_status assay_checkpoint_locate(const char *path, char **out, assay_error *err);

/* Fill an empty checkpoint whose path and name are set: config, files, weights (unsorted). On failure what was filled
 * stays and assay_checkpoint_close releases it. */
assay_status assay_checkpoint_load_folder(assay_checkpoint *checkpoint, unsigned flags, assay_error *err);
assay_status assay_checkpoint_load_gguf(assay_checkpoint *checkpoint, unsigned flags, assay_error *err);

/* The weights of a folder whose config is read: its packed body at path. */
assay_status assay_checkpoint_load_body(assay_checkpoint *checkpoint, const char *path, assay_error *err);

/* ASSAY_E_UNSUPPORTED for the first metadata key under the family's name that says a number, a switch or a list which
 * nobody reads and which may change a score. head_size: columns of a query's head. */
assay_status assay_gguf_audit(const assay_gguf *gguf, const assay_gguf_family *family, int64_t head_size,
                              const char *path, assay_error *err);

/* Sorts the weights by name, for assay_checkpoint_find, and refuses a name that appears twice. */
assay_status assay_checkpoint_sort_weights(assay_checkpoint *checkpoint, assay_error *err);

/* The weight whose name is `length` bytes of name, and suffix. NULL: there is none. */
const assay_weight *assay_checkpoint_find_beside(const assay_checkpoint *checkpoint, const char *name, size_t length,
                                                 const char *suffix);

/* The same, marked as joined in a list of flags, one a weight. */
const assay_tensor *assay_checkpoint_take(const assay_checkpoint *checkpoint, bool *joined, const char *name,
                                          size_t length, const char *suffix);

/* Refuses what is left of a packed weight whose levels are not there: a name that ends with "." and one of `beside`
 * (NULL ends them), and is not joined. levels: how the name of what is missing ends. */
assay_status assay_checkpoint_check_taken(const assay_checkpoint *checkpoint, const bool *joined,
                                          const char *const *beside, const char *levels, assay_error *err);

/* The type of scales; false: they are none of F32, F16 and BF16. */
bool assay_checkpoint_scale_type(const assay_tensor *scales, assay_parts_round *type);

/* Puts "weight" in place of `levels`, with which the names of all weights of that type end. To be called when no tensor
 * is looked for any more: the list is sorted by name. */
assay_status assay_checkpoint_call_weights(assay_checkpoint *checkpoint, assay_dtype type, const char *levels,
                                           assay_error *err);

/* Makes one weight of the tensors that bitsandbytes stores for one: an NF4, FP4 or INT8 matrix of its shape, and the
 * tensors beside it leave the list; likewise of FP8 weights and their scales, of GPTQ's, AWQ's and compressed-tensors'
 * integers. To be called when the weights are sorted. A config without quantization_config of that kind: nothing to do.
 */
assay_status assay_checkpoint_join_parts(assay_checkpoint *checkpoint, assay_error *err);

/* The same of FP8 weights and their scales, for that; joined: a flag a weight, those that are to leave the list. */
assay_status assay_checkpoint_join_fp8(assay_checkpoint *checkpoint, bool *joined, assay_error *err);

/* The same of GPTQ's: X.qweight becomes X.weight [rows, columns]. */
assay_status assay_checkpoint_join_gptq(assay_checkpoint *checkpoint, bool *joined, assay_error *err);
assay_status assay_checkpoint_join_awq(assay_checkpoint *checkpoint, bool *joined, assay_error *err);

/* The same of compressed-tensors' integers, packed or not. */
assay_status assay_checkpoint_join_compressed(assay_checkpoint *checkpoint, bool *joined, assay_error *err);

/* Makes config from the metadata and the token embedding's shape, in Hugging Face's keys. For
 * assay_checkpoint_load_gguf. */
assay_status assay_checkpoint_gguf_config(assay_checkpoint *checkpoint, const assay_gguf_family *family,
                                          assay_error *err);

#endif
