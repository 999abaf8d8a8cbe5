/* The vocabulary of a GGUF file: read, used, written as tokenizer.json, and that one used. */
#include "tokenizer_target.h"

#include "tokenizer/tokenizer_save.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_gguf *gguf;
    assay_tokenizer *tokenizer;
    const char *path = assay_fuzz_put("model.gguf", data, size);
    if (assay_gguf_open(&gguf, path, NULL) != ASSAY_OK) return 0;
    bool opened = assay_tokenizer_open(&tokenizer, NULL, gguf, NULL) == ASSAY_OK;
    if (opened) use_tokenizer(tokenizer);
    assay_tokenizer_close(tokenizer);
    bool saved = opened && assay_tokenizer_save(NULL, gguf, assay_fuzz_folder(), NULL, NULL) == ASSAY_OK;
    assay_gguf_close(gguf);
    return saved ? fuzz_tokenizer_folder() : 0;
}
