#include "fuzz_file.h"

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_checkpoint *checkpoint;
    assay_model_config config;
    assay_fuzz_put("config.json", data, size);
    if (assay_checkpoint_open(&checkpoint, assay_fuzz_folder(), ASSAY_CHECKPOINT_CONFIG_ONLY, NULL) != ASSAY_OK)
        return 0;
    assay_model_config_read(checkpoint->config, "config.json", &config, NULL);
    assay_checkpoint_close(checkpoint);
    return 0;
}
