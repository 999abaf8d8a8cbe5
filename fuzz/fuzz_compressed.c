/* compressed-tensors' integers, read and decoded as fuzz_parts.c does weights of several tensors: with zeros and
 * without, of four and of eight bits. */
#include "decode_weight.h"
#include "fuzz_file.h"

#define GROUP(name, bits, symmetric) \
    "\"" name "\":{\"weights\":{\"type\":\"int\",\"num_bits\":" bits ",\"symmetric\":" symmetric "}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] =
        "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"compressed-tensors\","
        "\"format\":\"pack-quantized\",\"config_groups\":{" GROUP("a", "4", "true") "," GROUP("b", "8", "false") "}}}";
    assay_fuzz_decode_folder(config, data, size);
    return 0;
}
