#include "fuzz_file.h"

#include "container/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_tensor_file *file;
    if (assay_safetensors_open(&file, assay_fuzz_put("model.safetensors", data, size), NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < file->count; i++) assay_fuzz_touch(file->tensors[i].data, file->tensors[i].bytes);
    assay_tensor_file_close(file);
    return 0;
}
