/* An adapter folder: the input is adapter_config.json, a zero byte, adapter_model.safetensors. */
#include "fuzz_file.h"

#include "checkpoint/adapter_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
    size_t config = cut ? (size_t)(cut - data) : size, tensors = cut ? size - config - 1 : 0;
    assay_adapter_file *adapter;
    double scale;
    assay_fuzz_put("adapter_config.json", data, config);
    assay_fuzz_put("adapter_model.safetensors", cut ? cut + 1 : NULL, tensors);
    if (assay_adapter_open(&adapter, assay_fuzz_folder(), NULL) != ASSAY_OK) return 0;
    assay_adapter_scale(&adapter->config, "model.layers.0.self_attn.q_proj", 2, &scale, NULL);
    for (size_t i = 0; i < adapter->tensors->count; i++)
        assay_fuzz_touch(adapter->tensors->tensors[i].data, adapter->tensors->tensors[i].bytes);
    assay_adapter_close(adapter);
    return 0;
}
