/* What stands beside a vocabulary, here a small vocab.txt: the input is the four files, with a zero byte between them.
 */
#include "tokenizer_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nw\n##o\n##r\n##l\n##d\n1\n##2\n";
    static const char *const names[] = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                                        "chat_template.json"};
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;
        size_t length = end && i < 3 ? (size_t)(end - data) : size;
        assay_fuzz_put(names[i], length ? data : (const uint8_t *)"{}", length ? length : 2);
        length += end && i < 3;
        data += length;
        size -= length;
    }
    return fuzz_tokenizer_file("vocab.txt", (const uint8_t *)words, sizeof words - 1);
}
