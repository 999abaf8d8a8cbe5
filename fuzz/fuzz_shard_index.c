#include "fuzz_file.h"

#include "checkpoint/checkpoint.h"
#include "container/safetensors.h"

#include <string.h>

/* Two shards of one tensor each, "a" and "b", for the index to speak of. */
static void put_shards(void)
{
    static const char header_a[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    static const char header_b[] = "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    uint8_t bytes[128] = {sizeof header_a - 1};
    memcpy(bytes + 8, header_a, sizeof header_a - 1);
    assay_fuzz_put("model-00001-of-00002.safetensors", bytes, sizeof header_a - 1 + 12);
    memcpy(bytes + 8, header_b, sizeof header_b - 1);
    assay_fuzz_put("model-00002-of-00002.safetensors", bytes, sizeof header_b - 1 + 12);
    assay_fuzz_put("config.json", "{}", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    assay_checkpoint *checkpoint;
    if (!ready) put_shards();
    ready = true;
    assay_fuzz_put("model.safetensors.index.json", data, size);
    if (assay_checkpoint_open(&checkpoint, assay_fuzz_folder(), 0, NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        assay_fuzz_touch(checkpoint->weights[i].tensor.data, checkpoint->weights[i].tensor.bytes);
    assay_checkpoint_close(checkpoint);
    return 0;
}
