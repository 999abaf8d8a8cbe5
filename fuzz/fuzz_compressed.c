/* compressed-tensors' integers, read and decoded as fuzz_parts.c does weights of several tensors: with zeros and
 * without, of four and of eight bits, their scales of groups, of rows and of all. */
#include "decode_weight.h"
#include "fuzz_file.h"

#define GROUP(name, bits, symmetric, size)                                                       \
    "\"" name "\":{\"weights\":{\"type\":\"int\",\"num_bits\":" bits ",\"symmetric\":" symmetric \
    ",\"group_size\":" size "}}"

#define GROUPS GROUP("a", "4", "true", "32") "," GROUP("b", "8", "false", "-1") "," GROUP("c", "8", "false", "null")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] =
        "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"compressed-tensors\","
        "\"format\":\"pack-quantized\",\"config_groups\":{" GROUPS "}}}";
    assay_fuzz_decode_folder(config, data, size);
    return 0;
}
