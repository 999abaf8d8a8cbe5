#include "fuzz_file.h"

#include "container/pickle.h"
#include "container/torch_bin.h"

/* A pickle alone as well: behind a ZIP's checksum a mutated one would hardly ever be read. */
static void read_pickle(const uint8_t *data, size_t size)
{
    assay_pickle pickle = {0};
    if (size == 0 || data[0] == 'P') return;
    if (assay_pickle_read(&pickle, data, size, "fuzz.pkl", NULL) == ASSAY_OK) assay_pickle_release(&pickle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_tensor_file *file;
    read_pickle(data, size);
    if (assay_torch_bin_open(&file, assay_fuzz_put("pytorch_model.bin", data, size), NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < file->count; i++) assay_fuzz_touch(file->tensors[i].data, file->tensors[i].bytes);
    assay_tensor_file_close(file);
    return 0;
}
