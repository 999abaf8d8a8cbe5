/* GPTQ weights, read and decoded as fuzz_parts.c does those of several tensors: in both formats, the bits of all
 * weights alike or not. */
#include "decode_weight.h"
#include "fuzz_file.h"

#define CONFIG(more)                                                                                                 \
    "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32" more \
    "}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_fuzz_decode_folder(CONFIG(""), data, size);
    assay_fuzz_decode_folder(CONFIG(",\"checkpoint_format\":\"gptq_v2\",\"dynamic\":{\"x\":{}}"), data, size);
    return 0;
}
