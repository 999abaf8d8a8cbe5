/* FP8 weights and their scales, read and decoded as fuzz_parts.c does those of several tensors. */
#include "decode_weight.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] = "{\"model_type\":\"llama\",\"torch_dtype\":\"bfloat16\",\"quantization_config\":{"
                                 "\"quant_method\":\"fp8\",\"weight_block_size\":[16,16]}}";
    assay_fuzz_decode_folder(config, data, size);
    return 0;
}
