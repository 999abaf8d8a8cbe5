#include "checkpoint/head_tensors.h"

static const assay_tensor *find(const assay_head_tensors *tensors, const char *name)
{
    const assay_tensor *own = tensors->adapter ? assay_tensor_file_find(tensors->adapter->tensors, name) : NULL;
    const assay_weight *weight = own ? NULL : assay_checkpoint_find(tensors->checkpoint, name);
    return weight ? &weight->tensor : own;
}

static bool shape_of(const void *context, const char *name, size_t shape[2])
{
    const assay_tensor *tensor = find(context, name);
    if (!tensor || tensor->rank < 1 || tensor->rank > 2) return false;
    shape[0] = tensor->shape[0];
    shape[1] = tensor->rank == 2 ? tensor->shape[1] : 0;
    return true;
}

assay_head_view assay_head_view_of(const assay_head_tensors *tensors, const char *plain, size_t hidden)
{
    return (assay_head_view){
        .config = tensors->checkpoint->config, .plain = plain, .hidden = hidden, .context = tensors, .shape = shape_of};
}
