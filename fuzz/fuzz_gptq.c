/* GPTQ's and AWQ's weights, read and decoded as fuzz_parts.c does those of several tensors: GPTQ's in both formats, the
 * bits of all weights alike or not. */
#include "decode_weight.h"
#include "fuzz_file.h"

#define CONFIG(how) \
    "{\"model_type\":\"llama\",\"quantization_config\":{\"bits\":4,\"group_size\":32,\"quant_method\":" how "}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_fuzz_decode_folder(CONFIG("\"gptq\""), data, size);
    assay_fuzz_decode_folder(CONFIG("\"gptq\",\"checkpoint_format\":\"gptq_v2\",\"dynamic\":{\"x\":{}}"), data, size);
    assay_fuzz_decode_folder(CONFIG("\"awq\""), data, size);
    return 0;
}
