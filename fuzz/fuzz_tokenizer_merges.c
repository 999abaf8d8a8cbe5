/* merges.txt beside a vocab.json, and the config beside both: the input is the three, with a zero byte between them. */
#include "tokenizer_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"vocab.json", "merges.txt", "tokenizer_config.json"};
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;
        size_t length = end && i < 2 ? (size_t)(end - data) : size;
        assay_fuzz_put(names[i], data, length);
        length += end && i < 2;
        data += length;
        size -= length;
    }
    return fuzz_tokenizer_folder();
}
