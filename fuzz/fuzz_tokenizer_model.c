#include "tokenizer_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_tokenizer_file("tokenizer.model", data, size);
}
