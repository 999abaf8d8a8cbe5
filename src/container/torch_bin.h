/* pytorch_model.bin: the ZIP archive torch.save writes, read by an interpreter of a closed list of pickle opcodes.
 *
 * Nothing is executed: GLOBAL only looks a name up in a fixed list (tensor rebuilders, OrderedDict, the storage types),
 * REDUCE and BUILD only act on those, and anything else is refused by name. Compressed entries, the pre-1.6 format and
 * tar are refused. A tensor whose strides are not contiguous is copied to contiguous memory owned by the file. The
 * archive's CRC-32 of data.pkl is always checked, those of the tensors only in files up to 64 MiB: opening a model of
 * many gigabytes does not read it whole. */
#ifndef ASSAY_CONTAINER_TORCH_BIN_H
#define ASSAY_CONTAINER_TORCH_BIN_H

#include "container/tensor_file.h"

assay_status assay_torch_bin_open(assay_tensor_file **out, const char *path, assay_error *err);

#endif
