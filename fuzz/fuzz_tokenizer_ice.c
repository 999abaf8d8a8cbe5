/* ice_text.model of ChatGLM-6B, unigram or bpe. */
#include "tokenizer_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_tokenizer_file("ice_text.model", data, size);
}
