#include "fuzz_file.h"

#include "options/option_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_options options;
    if (assay_options_init(&options, NULL) != ASSAY_OK) return 0;
    assay_option_config_read(&options, assay_fuzz_put("run.yaml", data, size), ASSAY_FOR_TRAIN, "train", NULL);
    assay_options_release(&options);
    return 0;
}
