/* Weights of several tensors, as bitsandbytes stores them: the input is the weights' file of a folder whose config says
 * that they are. What is read of it is decoded. */
#include "decode_weight.h"
#include "fuzz_file.h"

#include "checkpoint/checkpoint.h"

static void put_config(void)
{
    static const char config[] =
        "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"hidden_size\":64,\"vocab_size\":8,"
        "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"intermediate_size\":96,\"rms_norm_eps\":1e-5,"
        "\"max_position_embeddings\":64,"
        "\"quantization_config\":{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true}}";
    assay_fuzz_put("config.json", config, sizeof config - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    assay_checkpoint *checkpoint;
    if (!ready) put_config();
    ready = true;
    assay_fuzz_put("model.safetensors", data, size);
    if (assay_checkpoint_open(&checkpoint, assay_fuzz_folder(), 0, NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < checkpoint->weight_count; i++) assay_fuzz_decode(checkpoint, &checkpoint->weights[i]);
    assay_checkpoint_close(checkpoint);
    return 0;
}
