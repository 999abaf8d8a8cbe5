#include "decode_weight.h"
#include "fuzz_file.h"

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"
#include "tokenizer/tokenizer.h"

#include <string.h>

/* The file as a tokenizer. */
static void read_vocabulary(const assay_gguf *gguf)
{
    static const char text[] = "Hello <s>w\xc3\xb6rld</s> 123\n";
    assay_tokenizer *tokenizer;
    assay_ids ids = {0};
    if (assay_tokenizer_open(&tokenizer, NULL, gguf, NULL) != ASSAY_OK) return;
    assay_tokenizer_encode(tokenizer, text, strlen(text), ASSAY_ENCODE_ADD_SPECIAL | ASSAY_ENCODE_SPECIAL_TEXT, &ids,
                           NULL);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_gguf *gguf;
    assay_checkpoint *checkpoint;
    assay_model_config config;
    const char *path = assay_fuzz_put("model.gguf", data, size);
    if (assay_gguf_open(&gguf, path, NULL) != ASSAY_OK) return 0;
    const assay_tensor_file *file = assay_gguf_tensors(gguf);
    for (size_t i = 0; i < file->count; i++) assay_fuzz_touch(file->tensors[i].data, file->tensors[i].bytes);
    read_vocabulary(gguf);
    assay_gguf_close(gguf);
    if (assay_checkpoint_open(&checkpoint, path, 0, NULL) != ASSAY_OK) return 0;
    assay_model_config_read(checkpoint->config, "model.gguf", &config, NULL);
    for (size_t i = 0; i < checkpoint->weight_count; i++) assay_fuzz_decode(checkpoint, &checkpoint->weights[i]);
    assay_checkpoint_close(checkpoint);
    return 0;
}
