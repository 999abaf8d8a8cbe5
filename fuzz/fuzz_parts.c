/* Weights of several tensors, as bitsandbytes stores them: the input is the weights' file of a folder whose config says
 * that they are. What is read of it is decoded. */
#include "decode_weight.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] = "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"bitsandbytes\","
                                 "\"load_in_4bit\":true}}";
    assay_fuzz_decode_folder(config, data, size);
    return 0;
}
